"""Why the album store refuses."""

from chassis.errors import InvalidArgument, NotFound, ResourceExhausted


class AlbumNotFound(NotFound):
    reason = "ALBUM_NOT_FOUND"

    def __init__(self, album_id: str) -> None:
        super().__init__("there is no such album", {"album_id": album_id})


class OutsideImage(InvalidArgument):
    reason = "OUTSIDE_IMAGE"

    def __init__(self, album_id: str) -> None:
        super().__init__("the image has no such bytes", {"album_id": album_id})


class UploadsBusy(ResourceExhausted):
    reason = "UPLOADS_BUSY"

    def __init__(self) -> None:
        super().__init__("as many images as can be are being stored, try again")
