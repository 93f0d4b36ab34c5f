"""Turns the templates in `static` into pages: words and products in, HTML out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from router.demo.scenes import Language, Scene
from router.demo.shop_orders import Order
from router.documents.reading import read_document

STATIC = Path(__file__).parent / "static"
WORDS = Path(__file__).parent / "shop.yaml"
PAGES = {
    "shop": ("/demo/shop", "Shop"),
    "mailbox": ("/demo/mailbox", "Mailbox"),
    "marketplace": ("/demo/marketplace", "Marketplaces"),
    "shop-orders": ("/demo/shop-orders", "Orders"),
    "phone": ("/demo/phone", "Phone"),
    "desk": ("/", "Desk"),
}

_PRODUCT = Template("""
      <li class="product">
        <img src="/demo/static/$image.svg" alt="" width="240" height="180">
        <h3>$name</h3>
        <p class="about">$about</p>
        <p class="buy"><strong>$price</strong>
          <button type="button" data-product="$sku">$ask<span class="visually-hidden"> $name</span></button></p>
      </li>""")
_TROUBLE = Template('<p class="trouble" role="status">$trouble</p>')
_LINK = Template('<a href="$address">$title</a>')
_ORDER = Template("""
        <li class="thread">
          <h3>$title <span class="number">$id</span></h3>
          <p>$status, $amount</p>
          <p class="head">$steps</p>
          <div data-order="$id"></div>
        </li>""")
_OPTION = Template('<option value="$value">$title</option>')
_EXAMPLE = Template('<option data-subject="$subject" data-text="$text" data-name="$name">$subject</option>')


def render_shop(language: Language, tag: str, trouble: str, address: str) -> str:
    """Render the shop; `tag` is the chat's script tag, `trouble` why there is none."""
    words: Any = read_document(WORDS.read_text(encoding="utf-8"), source=str(WORDS)).value
    own = {key: escape(text) for key, text in words[language].items()}
    products = "".join(
        _PRODUCT.substitute(
            image=product["image"],
            sku=product["sku"],
            name=escape(product[language]["name"]),
            about=escape(product[language]["about"]),
            price=escape(product[language]["price"]),
            ask=own["ask"],
        )
        for product in words["products"]
    )
    shown = _TROUBLE.substitute(trouble=escape(trouble)) if trouble else ""
    own["write_text"] = Template(own["write_text"]).substitute(address=escape(address))
    return _template("shop.html").substitute(own, products=products, tag=tag, trouble=shown)


def render_mailbox(address: str, examples: Sequence[Scene]) -> str:
    """Render the mailbox with its form; letters are fetched by the page."""
    options = "".join(
        _EXAMPLE.substitute(
            subject=escape(scene.subject), text=escape(scene.text), name=escape(scene.names[0])
        )
        for scene in examples
    )
    return _template("mailbox.html").substitute(
        address=escape(address), examples=options, links=_links("mailbox")
    )


def render_marketplace(shops: Mapping[str, str], orders: Sequence[Order]) -> str:
    """Render the marketplaces with their form; `shops` are titles by account, chats are fetched by the page."""
    own = {"links": _links("marketplace")}
    own |= {
        "shops": _options(shops),
        "orders": _options({one.id: f"{one.id}: {one.title}" for one in orders}),
    }
    return _template("marketplace.html").substitute(own)


def render_phone(hotline: str) -> str:
    """Render the phone page with its form; calls are fetched by the page."""
    return _template("phone.html").substitute(hotline=escape(hotline), links=_links("phone"))


def render_shop_orders(orders: Sequence[Order]) -> str:
    """Render the orders; the notes on them are fetched by the page."""
    shown = "".join(
        _ORDER.substitute(
            id=escape(order.id),
            title=escape(order.title),
            status=escape(order.status),
            amount=escape(f"{order.amount} {order.currency}"),
            steps=escape(", ".join(order.steps)),
        )
        for order in orders
    )
    return _template("shop-orders.html").substitute(orders=shown, links=_links("shop-orders"))


def _links(here: str) -> str:
    """Lead to the other pages of the demo."""
    return " · ".join(
        _LINK.substitute(address=address, title=title)
        for name, (address, title) in PAGES.items()
        if name != here
    )


def _options(titles: Mapping[str, str]) -> str:
    return "".join(_OPTION.substitute(value=escape(key), title=escape(titles[key])) for key in titles)


def _template(name: str) -> Template:
    return Template((STATIC / name).read_text(encoding="utf-8"))
