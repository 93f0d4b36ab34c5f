"""What the simulated people do and say: `scenes.yaml` in, checked scenes and answers out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from router.demo.phone import Outcome, Way
from router.documents.reading import read_document

SCENES = Path(__file__).parent / "scenes.yaml"


Language: TypeAlias = Literal["en", "zh"]


class Scene(BaseModel):
    """One matter a customer comes with, what an agent answers, and what the customer says then."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: Literal["email", "chat", "marketplace"]
    language: Language
    order: str = ""
    subject: str = ""
    text: str
    answer: str
    thanks: str = ""
    names: tuple[str, ...] = ()


class CallScene(BaseModel):
    """One customer who calls, once for each of `outcomes`, until somebody answers or calls back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outcomes: tuple[Outcome, ...]
    order: str = ""
    way: Way = "post"


class Script(BaseModel):
    """All scenes, the names customers have, and what is said to an unknown matter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: Mapping[Language, tuple[str, ...]]
    unknown: Mapping[Language, str]
    welcome: Mapping[Language, str]
    scenes: tuple[Scene, ...]
    calls: tuple[CallScene, ...]

    def mails(self) -> Sequence[Scene]:
        """List the scenes that are mails."""
        return [scene for scene in self.scenes if scene.channel == "email"]

    def answer(self, texts: Sequence[str], language: Language) -> str:
        """Choose the next thing to say to a customer who wrote `texts`."""
        last = texts[-1] if texts else ""
        for scene in self.scenes:
            if scene.text.strip() == last.strip():
                return scene.answer
            if scene.thanks and scene.thanks.strip() == last.strip():
                return self.welcome[scene.language]
        return self.unknown[language]


def load_script() -> Script:
    """Read the scenes."""
    script = Script.model_validate(
        read_document(SCENES.read_text(encoding="utf-8"), source=str(SCENES)).value
    )
    named = [
        scene if scene.names else scene.model_copy(update={"names": script.names[scene.language]})
        for scene in script.scenes
    ]
    return script.model_copy(update={"scenes": tuple(named)})
