"""The rules room's pure part: documents in, decisions out."""

from router.engine.rules.facts import Facts, shown_facts
from router.engine.rules.ruleset import RulesError, RuleSet, Triage, load_ruleset

__all__ = ["Facts", "RuleSet", "RulesError", "Triage", "load_ruleset", "shown_facts"]
