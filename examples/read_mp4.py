"""Lists every chunk of a Memreel MP4: python3 read_mp4.py video.mp4

Uses ffmpeg and zbarimg (0.23.1 or later) on PATH and the Python module brotli, and no code of
Memreel's. The format is described in docs/FORMAT.md.
"""
import base64, hashlib, json, pathlib, subprocess, sys, tempfile, uuid, zlib
import brotli


def frames(video, folder):
    """Every frame as a grey PNG. A module becomes 4 pixels where it is 1: zbar needs 2 or more."""
    side = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries",
                           "stream=width", "-of", "csv=p=0", video],
                          check=True, capture_output=True, text=True).stdout
    scale = 4 if int(side.strip().strip(",")) == 192 else 1
    subprocess.run(["ffmpeg", "-v", "error", "-i", video, "-vf",
                    f"scale=iw*{scale}:ih*{scale}:flags=neighbor", "-pix_fmt", "gray",
                    f"{folder}/%06d.png"], check=True)
    return sorted(pathlib.Path(folder).glob("*.png"))


def payload(picture):
    """The bytes of the one QR symbol of a picture."""
    return subprocess.run(["zbarimg", "--quiet", "--raw", "--oneshot", "-Sdisable",
                           "-Sqrcode.enable", "-Sqrcode.binary", str(picture)],
                          check=True, capture_output=True).stdout


def chunk_uuid(seed, slot):
    raw = bytearray(hashlib.sha256(seed + slot.to_bytes(2, "big")).digest()[:16])
    raw[6] = raw[6] & 0x0F | 0x80  # version 8
    raw[8] = raw[8] & 0x3F | 0x80  # variant 10
    return str(uuid.UUID(bytes=bytes(raw)))


def chunks(data):
    """The chunks of one payload: (order, uuid, source, place, text)."""
    unfold = {b"B": brotli.decompress, b"Z": zlib.decompress}[data[:1]]
    word, lineage, seed, sources, rows = json.loads(unfold(data[1:]))
    assert word == "memreel/1", word
    seed = base64.urlsafe_b64decode(seed + "==")
    for slot, (order, source, place, text, *own) in enumerate(rows):
        name = "note" if source < 0 else sources[source][1]
        yield order, own[0] if own else chunk_uuid(seed, slot), name, place, text


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        found = [row for picture in frames(sys.argv[1], folder) for row in chunks(payload(picture))]
    for order, name, source, place, text in sorted(found):
        print(json.dumps([order, name, source, place, text], ensure_ascii=False))
