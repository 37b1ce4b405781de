"""Files that are no video, half of one, or one with timestamps that make no sense."""

import pytest
from tiny_videos import cut, write_video

pytest.importorskip("av")

from jaxseg.features.listing import find_videos
from jaxseg.features.video import decoding
from jaxseg.features.video.frames import VideoFile


def fails(path, *words):
    """Reading it to the end is one line with its name."""
    with pytest.raises(ValueError) as caught:
        list(VideoFile(path).resampled(15))
    message = str(caught.value)
    assert message.startswith(f"{path.name}: ") and len(message.splitlines()) == 1
    for word in words:
        assert word in message


def test_what_is_no_video(tmp_path):
    (tmp_path / "zero.mp4").touch()
    (tmp_path / "text.mp4").write_text("no video at all\n" * 100)
    (tmp_path / "x.mp4").mkdir()
    fails(tmp_path / "zero.mp4", "no video that FFmpeg can read")
    fails(tmp_path / "text.mp4", "no video that FFmpeg can read")
    fails(tmp_path / "x.mp4", "a folder; the rate of its pictures is not given")
    fails(tmp_path / "none.mp4", "No such file")
    fails(write_video(tmp_path / "song.mov", 0, sound=0.2), "no video stream; it has sound only")


def test_a_playlist_leads_nowhere(tmp_path):
    write_video(tmp_path / "real.mp4", 5)
    (tmp_path / "list.mp4").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nreal.mp4\n")
    (tmp_path / "concat.avi").write_text("ffconcat version 1.0\nfile real.mp4\n")
    (tmp_path / "cut.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/real.mp4\n")
    (tmp_path / "call.sdp").write_text("v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n")
    mpd = '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>'
    (tmp_path / "stream.mov").write_text(mpd)
    (tmp_path / "%d.jpg").write_bytes(b"\x89PNG no picture")
    (tmp_path / "1.jpg").write_bytes((tmp_path / "real.mp4").read_bytes())
    for name in ("list.mp4", "concat.avi", "cut.m3u8", "call.sdp", "stream.mov", "%d.jpg"):
        fails(tmp_path / name)
    found = find_videos(tmp_path)
    assert sorted(found.files) == ["1", "real"]
    assert found.refused == dict.fromkeys(
        ("concat.avi", "list.mp4", "stream.mov"), "text with the name of a video"
    )


def test_formats_of_one_file_only():
    """None of a list of files, addresses or devices may ever be opened."""
    lists = "hls concat dash imf image2 sdp rtsp rtp sap lavfi vobsub mlv tty ivr"
    assert not set(lists.split()) & set(decoding.FORMATS.split(","))


def test_an_index_that_is_cut_off(tmp_path):
    fails(cut(write_video(tmp_path / "a.mp4", 60), 0.5), "cut off before its index")


@pytest.mark.parametrize(
    ("suffix", "options"),
    [(".mkv", {}), (".webm", {}), (".avi", {}), (".mp4", {"movflags": "faststart"})],
)
def test_cut_off_half_way(tmp_path, suffix, options):
    path = write_video(tmp_path / f"a{suffix}", 90, options=options)
    video = VideoFile(path)
    assert len(list(video.resampled(15))) == 45 and not video.cut_off
    cut(path, 0.5)
    video = VideoFile(path)
    rows = list(video.resampled(15))
    assert 8 < len(rows) < 40 and video.cut_off


def test_damage_in_the_middle_is_passed_over(tmp_path):
    path = write_video(tmp_path / "a.mkv", 60, codec="ffv1")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = b"\xff" * 400
    path.write_bytes(content)
    video = VideoFile(path)
    assert len(list(video.resampled(15))) in range(26, 31)
