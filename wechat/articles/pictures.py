"""The pictures of an article: moved to the library, cropped, and uploaded for articles.

Reference: WeChat reference 12.2 (uploadimg: JPG or PNG below 1 MB), 12.3 (crops).
"""

import io
import re
from collections.abc import Collection, Mapping

import requests
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from urllib3.exceptions import HTTPError

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from wechat.articles import allowlist, cleaning
from wechat.articles.models import Article, ArticlePicture
from wechat.console.phrases import joined, labelled
from wechat.kernel import files, pictures
from wechat.kernel.public_network import public_session
from wechat.kernel.row_ids import row_id
from wechat.materials import library, limits
from wechat.materials.models import Asset
from wechat.sdk import deadlines
from wechat.sdk.calls import media

MOST_BYTES = 1024 * 1024
WIDEST = 1080

# The ratio of width to height of the two shapes in which a cover is shown.
SHAPES: Mapping[str, float] = {"pic_crop_235_1": 2.35, "pic_crop_1_1": 1.0}
TIMEOUT, FETCH_SECONDS = (3, 10), 20.0
PLATFORM = re.compile(r"https?://mmbiz\.q(?:pic|logo)\.cn/|https?://[^/]+/mmbiz/")


def address(asset: Asset) -> str:
    """Returns the address of a library picture on our own pages, including the editor."""
    return reverse("admin:materials_asset_file", args=[asset.pk])


def move_inline_pictures(account: OfficialAccount, text: str, viewable: Collection[int]) -> str:
    """Returns the text with the pictures of data URLs moved to the library.

    Pictures of other accounts, of those that are ``viewable`` by whoever saves the text, are shared with this
    one. Raises ``ValidationError`` for any other account's, and for a picture that WeChat does not accept.
    """

    def place(source: str) -> str | None:
        if found := allowlist.LIBRARY.match(source):
            return address(_of_library(account, found[1], viewable))
        body = cleaning.picture_bytes(source)
        if body is not None:
            return address(add_to_library(account, body))
        return source if allowlist.is_picture(source) else None

    return cleaning.with_pictures(text, place)


def move_external_pictures(account: OfficialAccount, text: str) -> str:
    """Returns the text with the pictures of other sites moved to the library, as WeChat does not show them.

    Raises ``ValidationError`` for a picture that cannot be fetched or is not accepted.
    """

    def place(source: str) -> str:
        if allowlist.LIBRARY.match(source) or PLATFORM.match(source):
            return source
        try:
            return address(add_to_library(account, _fetched(source)))
        except ValidationError as error:
            raise ValidationError(labelled(source, joined(error.messages))) from None

    return cleaning.with_pictures(text, place)


def for_platform(account: OfficialAccount, text: str) -> str:
    """Returns the text as it is sent, with every library picture uploaded and its address replaced.

    Raises ``ValidationError`` for a picture that is not in the account's library.
    """

    def place(source: str) -> str:
        found = allowlist.LIBRARY.match(source)
        return _uploaded(_of_library(account, found[1])) if found else source

    return cleaning.with_pictures(text, place)


def _of_library(account: OfficialAccount, number: str, viewable: Collection[int] = ()) -> Asset:
    """Returns the account's picture, also for that of a ``viewable`` account, which they share from now on.

    Raises ``ValidationError`` for one deleted, or of any other account.
    """
    found = Asset.objects.filter(account__in={account.pk, *viewable}, pk=row_id(number) or 0).first()
    if found is None:
        raise ValidationError(
            _("A picture in the text is not in this account's library: take it out, and insert it again.")
        )
    return found if found.account_id == account.pk else library.copy_for(found, account)


def crops(article: Article) -> dict[str, str]:
    """Returns the part of the cover that each shape shows, in WeChat's form ``x1_y1_x2_y2`` from 0 to 1."""
    size = _size(article.cover) if article.cover else None
    if size is None:
        return {}
    return {name: _crop(size, shape, article) for name, shape in SHAPES.items()}


def _crop(size: tuple[int, int], shape: float, article: Article) -> str:
    width, height = size
    across = min(1.0, height * shape / width)
    down = min(1.0, width / shape / height)
    left = (1 - across) * article.focus_x / 100
    top = (1 - down) * article.focus_y / 100
    return "_".join(f"{part:.6f}" for part in (left, top, left + across, top + down))


def _size(asset: Asset) -> tuple[int, int] | None:
    try:
        with asset.file.open("rb") as file:
            return pictures.size_of(file)
    except (pictures.UnreadablePicture, FileNotFoundError):
        return None


def _fetched(source: str) -> bytes:
    most = limits.LIMITS[Asset.Kind.IMAGE].largest
    try:
        with (
            deadlines.within(FETCH_SECONDS),
            public_session() as session,
            session.get(source, timeout=TIMEOUT, stream=True) as answer,
        ):
            answer.raise_for_status()
            body: bytes = answer.raw.read(most + 1, decode_content=True)
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        raise ValidationError(
            _("This picture could not be fetched: put it into the library, or take it out.")
        ) from error
    return body


def add_to_library(account: OfficialAccount, body: bytes) -> Asset:
    """Adds a picture with these bytes to the library and returns it.

    Raises ``ValidationError`` for what WeChat does not accept.
    """
    file = limits.converted(Asset.Kind.IMAGE, ContentFile(body, name="pasted"))
    kind = limits.check(Asset.Kind.IMAGE, file)
    asset = Asset(
        account=account,
        kind=Asset.Kind.IMAGE,
        name=f"{timezone.localtime():%Y-%m-%d %H:%M}",
        content_type=kind,
        size=file.size,
        due_at=timezone.now(),
    )
    asset.file.save(f"pasted.{files.extension(kind)}", file, save=False)
    asset.save()
    return asset


def _uploaded(asset: Asset) -> str:
    """Returns the picture's address in articles; uploads it on first use."""
    known = ArticlePicture.objects.filter(asset=asset).first()
    if known is not None:
        return known.url
    body, kind = _fitting(asset)
    upload = media.Upload(f"{asset.pk}.{files.extension(kind)}", body, kind)
    url = media.upload_article_picture(client_for(asset.account), upload)
    ArticlePicture.objects.update_or_create(asset=asset, defaults={"url": url})
    return url


def _fitting(asset: Asset) -> tuple[bytes, str]:
    """Returns a picture that articles accept, and its content type.

    It is unchanged if articles accept it, otherwise a JPEG compressed as far as necessary. Raises
    ``ValidationError`` if it is animated or too large.
    """
    with asset.file.open("rb") as file:
        body: bytes = file.read()
    if asset.content_type in ("image/jpeg", "image/png") and len(body) < MOST_BYTES:
        return body, asset.content_type
    try:
        with pictures.opened(io.BytesIO(body)) as picture:
            if pictures.is_animated(picture):
                sentence = _("The picture “%(name)s” moves; in articles WeChat takes JPG and PNG only.")
                raise ValidationError(sentence % {"name": asset.name})
            picture.draft("RGB", (WIDEST, WIDEST * 20))
            drawn = pictures.upright(picture)
    except pictures.UnreadablePicture as error:
        raise ValidationError(str(error)) from None
    drawn.thumbnail((WIDEST, WIDEST * 20))
    for quality in (90, 75, 60, 40):
        packed = io.BytesIO()
        drawn.save(packed, "JPEG", quality=quality)
        if packed.tell() < MOST_BYTES:
            return packed.getvalue(), "image/jpeg"
    raise ValidationError(_("The picture “%(name)s” is too large for an article.") % {"name": asset.name})
