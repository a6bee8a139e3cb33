"""Hashes that tell equal and nearly equal texts."""

# ruff: noqa: RUF001 - scripts are what is tested

from __future__ import annotations

from listener.text import fingerprint, hamming, simhash

POST = "My parcel from @acme has been stuck in the depot for three weeks and nobody answers my mails about the refund"


def test_a_fingerprint_ignores_case_width_and_space_but_not_words() -> None:
    assert fingerprint("The  Order\nis ＬＡＴＥ") == fingerprint("the order is late")
    assert fingerprint("the order is late") != fingerprint("the order was late")
    assert len(fingerprint("שלום")) == 64


def test_a_fingerprint_takes_a_lone_surrogate() -> None:
    assert fingerprint("\ud800") != fingerprint("")


def test_near_duplicates_are_near_and_others_are_far() -> None:
    assert simhash(POST) == simhash(POST.replace("@acme", "@other@host.test"))
    edited = POST.replace("three weeks", "three long weeks")
    assert hamming(simhash(POST), simhash(edited)) <= 16
    other = "The new app is lovely, the search finds everything at once and support was kind to me on the phone today"
    assert hamming(simhash(POST), simhash(other)) > 16


def test_short_and_empty_texts_have_a_hash() -> None:
    assert simhash("") == simhash("!!!") == 0
    assert simhash("help") == simhash("HELP!") != simhash("halp")


def test_addresses_do_not_make_a_copy_look_new() -> None:
    one = "Look what acme did to my sister https://a.test/1?x=y today"
    assert simhash(one) == simhash(one.replace("https://a.test/1?x=y", "https://b.test/other"))
