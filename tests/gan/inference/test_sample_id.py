"""A picture's address: there and back, through a link, and every way to damage one."""

import base64
from urllib.parse import parse_qs, quote

import numpy as np
import pytest
import torch

from gan.core.latent import MAX_SEED, noise
from gan.errors import UserError
from gan.inference.sample_id import LAST, of_seed, of_vector, run_of, vector

Z = noise(1, 8, 1)[0]
WRITTEN = of_vector("mnist", Z)


def written(numbers, dtype="<f2"):
    data = np.array([float(number) for number in numbers], dtype).tobytes()
    return "mnist:z:" + base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize(("seed", "index"), [(0, 0), (0, 7), (3, 0), (12345, 99), (MAX_SEED, 2), (1, LAST)])
@pytest.mark.parametrize("latent", [1, 8])
def test_a_seed_s_address_leads_to_its_picture(seed, index, latent):
    address = of_seed("mnist", seed, index)
    assert address == f"mnist:{seed}:{index}"
    assert torch.equal(vector(address, latent), noise(index + 1, latent, seed)[index])
    assert run_of(address) == "mnist"


@pytest.mark.parametrize("latent", [1, 2, 3, 4, 8, 100])
def test_a_written_vector_comes_back_to_half_precision(latent):
    for z in noise(20, latent, 2):
        address = of_vector("my-run_2.b", z)
        back = vector(address, latent)
        assert back.dtype == torch.float32
        assert back.shape == (latent,)
        assert torch.equal(back, z.half().float())
        np.testing.assert_allclose(back, z, rtol=2**-11, atol=2**-25)  # half a step of 11 bits
        assert of_vector("my-run_2.b", back) == address  # nothing is lost the second time
        assert run_of(address) == "my-run_2.b"


def test_a_written_vector_is_little_endian_on_every_machine():
    assert of_vector("a", torch.tensor([1.0, -2.0])) == "a:z:" + base64.urlsafe_b64encode(b"\0\x3c\0\xc0").decode()[:6]
    assert vector("a:z:ADwAwA", 2).tolist() == [1, -2]


def test_a_vector_with_a_gradient_has_an_address_and_one_that_comes_back_can_be_changed():
    z = Z.clone().requires_grad_()
    assert of_vector("mnist", z) == WRITTEN
    back = vector(WRITTEN, 8)
    back += 1
    assert torch.equal(vector(WRITTEN, 8), Z.half().float())


@pytest.mark.parametrize("address", ["mnist:4:2", WRITTEN])
@pytest.mark.parametrize("around", [" {}", "{} ", "\t{}\r\n", "\n  {}"])
def test_spaces_around_an_address_do_not_matter(address, around):
    assert torch.equal(vector(around.format(address), 8), vector(address, 8))
    assert run_of(around.format(address)) == "mnist"


def test_an_address_survives_an_address_bar():
    addresses = [of_vector("mnist", z) for z in noise(50, 100, 0)] + ["mnist:0:7", of_seed("fashion_2.b-c", 5, 6)]
    assert {"-", "_"} <= set("".join(addresses))  # the two characters that plain base64 writes otherwise
    for address in addresses:
        assert parse_qs("picture=" + address + "&tab=noise") == {"picture": [address], "tab": ["noise"]}
        assert quote(address, safe=":") == address


def test_the_run_is_read_whatever_the_rest_is():
    assert [run_of(text) for text in ("a:b:c", "a", "", ":0:1", "a::::")] == ["a", "a", "", "", "a"]


DAMAGED = {
    "nothing": "",
    "spaces": "   ",
    "colons": ":::",
    "run alone": "mnist",
    "run and colon": "mnist:",
    "no index": "mnist:0",
    "empty index": "mnist:0:",
    "empty seed": "mnist::7",
    "negative seed": "mnist:-1:0",
    "negative index": "mnist:0:-1",
    "signed": "mnist:+1:0",
    "spaced": "mnist: 1:0",
    "underscored": "mnist:1_0:0",
    "fraction": "mnist:0.5:0",
    "exponent": "mnist:1e3:0",
    "hexadecimal": "mnist:0x1:0",
    "index too high": "mnist:0:1000",
    "seed too high": "mnist:2147483648:0",
    "seed far too high": "mnist:9999999999:0",
    "Arabic seed": "mnist:٣:0",
    "Arabic index": "mnist:0:٣",
    "full-width": "mnist:１:0",
    "superscript": "mnist:²:0",
    "null": "mnist:0\0:0",
    "a word more": "mnist:0:7:8",
    "a colon more": "mnist:0:7:",
    "capital z": WRITTEN.replace(":z:", ":Z:"),
    "z alone": "mnist:z",
    "nothing written": "mnist:z:",
    "number written": "mnist:z:7",
    "one number less": written(Z[:7]),
    "one number more": written([*Z, 1]),
    "single precision": written(Z, "<f4"),
    "letters that do not exist": WRITTEN[:-1] + "*",
    "four that do not exist slipped in": WRITTEN[:12] + "*!*!" + WRITTEN[12:],
    "a space inside": WRITTEN[:12] + " " + WRITTEN[12:],
    "a line break inside": WRITTEN[:12] + "\n" + WRITTEN[12:],
    "percent signs": WRITTEN[:12] + "%20" + WRITTEN[15:],
    "Korean": WRITTEN[:-1] + "가",
    "half a character": WRITTEN[:-1] + "\ud800",
    "padding alone": "mnist:z:" + "=" * 22,
    "padding inside": WRITTEN[:12] + "==" + WRITTEN[14:],
    "something more": WRITTEN + ":1",
    "not a number": written([*Z[:7], np.nan]),
    "infinite": written([np.inf, *Z[:7]]),
    "minus infinite": written([*Z[:3], -np.inf, *Z[4:]]),
    "a megabyte": "mnist:z:" + "A" * 2**20,
    "a megabyte of digits": "mnist:" + "9" * 2**20 + ":0",
    "a megabyte of index": "mnist:0:" + "0" * 2**20,
    "a megabyte of nothing": "x" * 2**20,
    "a megabyte of colons": ":" * 2**20,
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_address_is_refused_with_a_short_sentence(kind):
    with pytest.raises(UserError) as refused:
        vector(DAMAGED[kind], 8)
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert 20 < len(sentence) < 240


def test_the_sentence_says_what_is_wrong():
    with pytest.raises(UserError, match="'mnist:0' is no picture's code"):
        vector("mnist:0", 8)
    with pytest.raises(UserError, match="latent vectors have 16 numbers"):
        vector(WRITTEN, 16)
    with pytest.raises(UserError, match="not a number"):
        vector(DAMAGED["not a number"], 8)


@pytest.mark.parametrize("latent", [2, 3, 4, 8])
def test_one_character_lost_or_slipped_in_is_noticed(latent):
    address = of_vector("m", noise(1, latent, 5)[0])
    for place in range(4, len(address)):
        with pytest.raises(UserError):
            vector(address[:place] + address[place + 1 :], latent)
        with pytest.raises(UserError):
            vector(address[:place] + "A" + address[place:], latent)
