"""Lists every chunk of a Memreel MP4: python3 read_mp4.py video.mp4

Needs ffmpeg and zbarimg (0.23.1 or later) on PATH and the Python module brotli, and none of
Memreel's code. docs/FORMAT.md describes the format.
"""
import base64, hashlib, json, pathlib, subprocess, sys, tempfile, uuid, zlib
import brotli


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def payloads(video, folder):
    """What the QR symbols say, as bytes. zbar needs 2 pixels a module or more; compact has 1."""
    enlarged = "scale='if(gt(iw,192),iw,4*iw)':-1:flags=neighbor"
    run("ffmpeg", "-v", "error", "-i", video, "-vf", enlarged, "-pix_fmt", "gray",
        f"{folder}/%06d.png")
    for picture in sorted(pathlib.Path(folder).glob("*.png")):
        yield run("zbarimg", "--quiet", "--raw", "--oneshot", "-Sdisable", "-Sqrcode.enable",
                  "-Sqrcode.binary", picture)


def chunks(payload):
    """The chunks of one frame: (order, uuid, source, place, text)."""
    unfold = {b"B": brotli.decompress, b"Z": zlib.decompress}[payload[:1]]
    word, lineage, seed, sources, rows = json.loads(unfold(payload[1:]))
    assert word == "memreel/1", word
    for slot, (order, source, place, text, *own) in enumerate(rows):
        salted = base64.urlsafe_b64decode(seed + "==") + slot.to_bytes(2, "big")
        digest = bytearray(hashlib.sha256(salted).digest()[:16])
        digest[6], digest[8] = digest[6] & 0x0F | 0x80, digest[8] & 0x3F | 0x80  # a UUIDv8
        name = own[0] if own else str(uuid.UUID(bytes=bytes(digest)))
        yield order, name, sources[source][1] if source >= 0 else "note", place, text


with tempfile.TemporaryDirectory() as folder:
    for chunk in sorted(chunk for data in payloads(sys.argv[1], folder) for chunk in chunks(data)):
        print(json.dumps(chunk, ensure_ascii=False))
