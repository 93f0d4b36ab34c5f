"""The marketplace plugin: chats of buyers, one channel kind for each platform, and notes on their orders."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

from router import hookimpl
from router.channel import ChannelType, PluginDescriptor, Simulator
from router.orders import ContextProviderType, NoteTargetType
from router_marketplace.amazon.channel import CAPABILITIES as AMAZON
from router_marketplace.amazon.channel import AmazonChannel
from router_marketplace.amazon.orders import AMAZON_ORDERS
from router_marketplace.amazon.settings import AmazonSettings
from router_marketplace.lazada.channel import CAPABILITIES as LAZADA
from router_marketplace.lazada.channel import LazadaChannel
from router_marketplace.lazada.settings import LazadaSettings
from router_marketplace.notes import NOTE_TARGETS
from router_marketplace.tiktok.channel import CAPABILITIES as TIKTOK
from router_marketplace.tiktok.channel import TiktokChannel
from router_marketplace.tiktok.settings import TiktokSettings
from router_marketplace.yandex.channel import CAPABILITIES as YANDEX
from router_marketplace.yandex.channel import YandexChannel
from router_marketplace.yandex.settings import YandexSettings


@hookimpl
def router_plugin() -> PluginDescriptor:
    """Say who the plugin is."""
    return PluginDescriptor(name="marketplace", version=version("omnirouter"), licence="Apache-2.0")


@hookimpl
def router_channel_types() -> Sequence[ChannelType]:
    """Register the platforms."""
    return (
        ChannelType(
            id="yandex_market",
            title="Yandex Market",
            settings=YandexSettings,
            capabilities=YANDEX,
            factory=YandexChannel,
            simulator=_simulated_yandex,
            shares_loop=True,
        ),
        ChannelType(
            id="tiktok_shop",
            title="TikTok Shop",
            settings=TiktokSettings,
            capabilities=TIKTOK,
            factory=TiktokChannel,
            simulator=_simulated_tiktok,
            shares_loop=True,
        ),
        ChannelType(
            id="lazada",
            title="Lazada",
            settings=LazadaSettings,
            capabilities=LAZADA,
            factory=LazadaChannel,
            simulator=_simulated_lazada,
            shares_loop=True,
        ),
        ChannelType(
            id="amazon",
            title="Amazon",
            settings=AmazonSettings,
            capabilities=AMAZON,
            factory=AmazonChannel,
            simulator=_simulated_amazon,
            shares_loop=True,
        ),
    )


@hookimpl
def router_context_providers() -> Sequence[ContextProviderType]:
    """Register the platforms whose orders are looked up beside other channels."""
    return (AMAZON_ORDERS,)


@hookimpl
def router_note_targets() -> Sequence[NoteTargetType]:
    """Register the shops whose order notes can be written."""
    return NOTE_TARGETS


def _simulated_yandex() -> Simulator:
    return _simulator("yandex", "YandexSimulator")


def _simulated_tiktok() -> Simulator:
    return _simulator("tiktok", "TiktokSimulator")


def _simulated_lazada() -> Simulator:
    return _simulator("lazada", "LazadaSimulator")


def _simulated_amazon() -> Simulator:
    return _simulator("amazon", "AmazonSimulator")


def _simulator(module: str, name: str) -> Simulator:
    """Make a simulated platform; its code is loaded only now, as a shop never needs it."""
    made: Simulator = getattr(import_module(f"router_marketplace.simulators.{module}"), name)()
    return made
