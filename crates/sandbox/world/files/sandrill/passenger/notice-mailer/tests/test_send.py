from notice_mailer.send import Notice, render


def test_values_are_escaped():
    notice = Notice("K7QM2X", "en", "sailing-cancelled", {"sailing": "<b>SH-0715</b>"})
    assert "&lt;b&gt;SH-0715" in render(notice)
