"""A stored raw item of any source in, its events out; pure: the envelope says what the bytes do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from router.errors import ConfigError, MalformedMessage
from router.messages import InboundEvent, RawInbound
from router_phone_log import manual
from router_phone_log.facts import Reading
from router_phone_log.files import importer
from router_phone_log.files.column_maps import shipped_map
from router_phone_log.files.rows import decode_row
from router_phone_log.numbers import Numbers
from router_phone_log.posts import freeswitch, ip_pbx, twilio
from router_phone_log.settings import PhoneLogSettings

Decode = Callable[[RawInbound, Reading], list[InboundEvent]]

LOG_SOURCES: Mapping[str, Decode] = {
    twilio.SOURCE: twilio.decode_twilio,
    ip_pbx.SOURCE: ip_pbx.decode_ip_pbx,
    freeswitch.SOURCE: freeswitch.decode_freeswitch,
    manual.SOURCE: manual.decode_form,
}


class Decoder:
    """Reads what one account has stored, from whichever source it came."""

    def __init__(self, settings: PhoneLogSettings, sources: Mapping[str, Decode]) -> None:
        self._settings = settings
        self._sources = sources
        self.reading = Reading(numbers=Numbers(settings), zone=ZoneInfo(settings.zone))

    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        """Read one raw item; MalformedMessage when it is none of a phone system's."""
        source = raw.envelope.get("source")
        reading = self._reading_of(raw)
        if source == importer.SOURCE:
            return self._row(raw, reading)
        decode = self._sources.get(source) if isinstance(source, str) else None
        if decode is None:
            raise MalformedMessage(f"the envelope names no known source: {source!r:.40}", code="source")
        return decode(raw, reading)

    def _reading_of(self, raw: RawInbound) -> Reading:
        """Take the zone the item came in under, which a later change of the settings does not change."""
        zone = raw.envelope.get("zone")
        if not isinstance(zone, str) or zone == self._settings.zone:
            return self.reading
        try:
            return replace(self.reading, zone=ZoneInfo(zone))
        except (OSError, ValueError):
            raise MalformedMessage(f"the envelope names no known zone: {zone!r:.40}", code="zone") from None

    def _row(self, raw: RawInbound, reading: Reading) -> Sequence[InboundEvent]:
        name = str(raw.envelope.get("map", ""))
        try:
            columns = self._settings.maps.get(name) or shipped_map(name)
        except ConfigError as error:
            raise MalformedMessage(str(error), code="map") from None
        return decode_row(raw, importer.layout_of(raw.envelope, columns), reading)
