"""One page, no network, every figure of the report in it, for eyes, keyboards, screen readers and paper."""

import base64
import re

import pytest

KINDS = {"burst", "throughput", "latency", "distribution", "series", "points", "lateness"}


def test_it_is_quiet_and_asks_nobody(page):
    shown = page()
    assert shown.run("return document.documentElement.dataset.drawn") == "yes"
    assert shown.console == []
    assert shown.requested == [shown.file.as_uri()]
    text = shown.file.read_text()
    assert not re.search(r"<(link|img|iframe|script)[^>]+(src|href)=", text)
    assert "default-src 'none'" in text
    assert len(text) < 2_000_000


def test_every_kind_of_figure_is_there_with_its_marks(page):
    shown = page()
    report = shown.report
    assert {each.get_attribute("data-kind") for each in shown.all("figure")} == KINDS
    requests = sum(len(burst["requests"]) for burst in report["bursts"])
    assert requests > 0
    assert shown.count("figure[data-kind=burst] rect.phase") == 3 * requests
    curves = [curve for curve in report["curves"] if curve["levels"]]
    levels = sum(len(curve["levels"]) for curve in curves)
    assert shown.count("figure[data-kind=throughput] .mark") == levels > 10
    bounded = sum(curve["little_per_s"] is not None for curve in curves)
    assert shown.count("figure[data-kind=throughput] .little") == bounded > 0
    assert shown.count("figure[data-kind=throughput] .usl") == sum(curve["usl"]["is_fitted"] for curve in curves)
    groups = {load["group"] for load in report["loads"] if not load["group"].startswith("curve")}
    for kind in ("distribution", "series", "points"):
        assert shown.count(f"figure[data-kind={kind}]") == len(groups) > 0
    steps = max((load["self_check"]["lateness"] for load in report["loads"]), key=lambda each: each["p99_us"])["histogram"]
    assert shown.count("figure[data-kind=lateness] rect.late") == len(steps)


def test_bars_are_as_long_as_the_times(page):
    shown = page()
    drawn = shown.run("""
        return [...document.querySelectorAll("figure[data-kind=burst] rect.phase")].map(
            (each) => [each.getAttribute("class").split(" ")[0], Number(each.getAttribute("width"))]);""")
    bars = [bar for burst in shown.report["bursts"] for bar in burst["requests"]]
    widths = [sum(width for _, width in drawn[3 * i:3 * i + 3]) for i in range(len(bars))]
    longest = max(range(len(bars)), key=lambda i: bars[i]["done_ms"])
    for width, bar in zip(widths, bars):
        expected = widths[longest] * (bar["done_ms"] - bar["sent_ms"]) / (bars[longest]["done_ms"] - bars[longest]["sent_ms"])
        assert width == pytest.approx(expected, abs=3)


def test_tables_say_what_the_report_says(page):
    shown = page()
    text = shown.run("return document.getElementById('verdict').innerText")
    assert all(sentence in re.sub(r"\s+", " ", text) for sentence in shown.report["sentences"])
    for arm in shown.report["arms"]:
        assert shown.run("return [...document.querySelectorAll('#arms th[scope=row]')].some((e) => e.innerText === arguments[0])",
                         arm["name"])
    rows = shown.run("""
        return [...document.querySelectorAll("figure[data-kind=throughput] tbody tr")].map(
            (row) => [...row.cells].map((cell) => cell.textContent));""")
    levels = [(shown.report["arms"][curve["arm"]]["name"], level) for curve in shown.report["curves"]
              for level in curve["levels"]]
    assert len(rows) == len(levels)
    for row, (name, level) in zip(rows, levels):
        assert row[0] == name and row[1] == str(level["concurrency"])
        number = float(row[2].rstrip("kM")) * {"k": 1e3, "M": 1e6}.get(row[2][-1], 1)
        assert number == pytest.approx(level["throughput_per_s"], rel=0.006)
        if level["p99_ms"] is None:
            assert row[6] == "–"
    differences = shown.count("#differences tbody tr")
    assert differences == len(shown.report["differences"]) > 0


def test_the_speed_up_is_a_table_with_its_bound(page):
    shown = page()
    rows = [[cell.text for cell in row.find_elements("css selector", "th, td")] for row in shown.all("#speedup tbody tr")]
    assert [row[0] for row in rows] == ["1", "2", "4"]
    assert [row[4] for row in rows] == ["× 1.00", "× 1.82", "× 3.08"]
    assert "600 ms" in rows[0][1] and "195 ms" in rows[2][1]
    assert shown.all("#speedup caption")[0].text.startswith("/primes/300000000, one at a time, on 4 cores")
    widths = [float(bar.get_attribute("width")) for bar in shown.all("#speedup rect")]
    assert widths == sorted(widths) and widths[2] == 100


def test_what_is_not_sound_has_no_verdict(page):
    shown = page("--unsound")
    assert not shown.report["is_sound"]
    assert "Not sound: no verdict" in shown.run("return document.body.innerText")
    assert shown.console == []


def test_a_single_run_has_its_figures(page):
    shown = page("--run")
    kinds = {each.get_attribute("data-kind") for each in shown.all("figure")}
    assert {"distribution", "series", "points", "lateness"} <= kinds
    assert shown.console == []


def test_hostile_names_do_no_harm(page):
    shown = page("--hostile")
    assert "owned" not in shown.run("return document.title.split('</')[0]")
    assert shown.run("return document.title") != "owned"
    assert shown.count("img") == 0
    assert shown.count("script") == 2
    assert shown.console == []
    assert shown.requested == [shown.file.as_uri()]
    assert "</script><script>" in shown.run("return document.body.innerText")
    assert shown.run("return document.documentElement.dataset.drawn") == "yes"


@pytest.mark.parametrize("width", [390, 768, 1200])
def test_no_page_is_wider_than_its_window(browser, page, width):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500})
    try:
        shown = page()
        assert shown.run("return window.innerWidth") == width
        assert shown.run("return document.documentElement.scrollWidth") <= width
        for figure in shown.all("figure svg"):
            assert shown.run("return arguments[0].getBoundingClientRect().width", figure) <= width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def luminance(colour):
    channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_schemes_can_be_read(browser, page, scheme):
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    try:
        shown = page()
        paper = shown.run("return getComputedStyle(document.documentElement).backgroundColor")
        assert (luminance(paper) > 0.5) == (scheme == "light")
        colours = shown.run("""
            const of = (selector, property) => [...document.querySelectorAll(selector)].map((e) => getComputedStyle(e)[property]);
            return [...new Set([...of("p, li, td, th, h1, h2, h3, figcaption, summary", "color"), ...of("svg text", "fill")])];""")
        assert len(colours) >= 4
        assert {colour: contrast(colour, paper) for colour in colours if contrast(colour, paper) < 4.5} == {}
        lines = shown.run("return [...new Set([...document.querySelectorAll('svg .line')].map((e) => getComputedStyle(e).stroke))]")
        assert len(lines) == 3
        assert all(contrast(line, paper) >= 3 for line in lines)
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_keyboards_reach_what_can_be_used(page):
    shown = page()
    body = shown.all("body")[0]
    reached = set()
    for _ in range(60):
        body.parent.switch_to.active_element.send_keys("\ue004")  # Tab
        reached.add(shown.run("return document.activeElement.tagName + '.' + document.activeElement.className"))
    assert "A.skip" in reached
    assert "SUMMARY." in reached
    assert any(each.startswith("DIV.scroll") for each in reached)
    details = shown.all("figure details")[0]
    shown.run("arguments[0].querySelector('summary').focus()", details)
    body.parent.switch_to.active_element.send_keys(" ")
    assert details.get_attribute("open") is not None


def test_screen_readers_get_names_and_tables(browser, page):
    shown = page()
    assert shown.run("return document.documentElement.lang") == "en"
    assert shown.count("h1") == 1 and shown.count("main") == 1
    for picture in shown.all("figure svg"):
        assert picture.get_attribute("role") == "img"
        assert len(picture.get_attribute("aria-label")) > 20
    assert shown.count("figure") == shown.count("figure > details table")
    for table in shown.all("table"):
        assert shown.run("return [...arguments[0].querySelectorAll('thead th')].every((th) => th.scope === 'col')", table)
        assert shown.run("return arguments[0].querySelectorAll('tbody th').length > 0", table)
    levels = [int(tag[1]) for tag in shown.run("return [...document.querySelectorAll('h1,h2,h3')].map((e) => e.tagName)")]
    assert levels[0] == 1


def test_arms_differ_by_more_than_colour(page):
    shown = page()
    shapes = shown.run("""
        const marks = [...document.querySelectorAll("figure[data-kind=throughput] .mark")];
        return [...new Set(marks.map((mark) => mark.tagName + " " + mark.getAttribute("class")))];""")
    assert len({shape.split()[0] for shape in shapes}) == 3
    names = shown.run("return [...document.querySelectorAll('figure[data-kind=throughput] text.strong')].map((e) => e.textContent)")
    assert {arm["name"] for arm in shown.report["arms"]} <= set(names)


def test_it_prints(browser, page):
    page()
    pdf = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})["data"])
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 2


def test_without_a_script_the_words_and_tables_remain(browser, page):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        shown = page()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    text = shown.all("main")[0].text
    assert "this browser runs none" in text
    assert all(arm["name"] in text for arm in shown.report["arms"])
    assert shown.count("figure") == 0


# ---- the first screen


@pytest.fixture
def narrow(browser):
    """A window of some width, as a phone's where it is as narrow as one."""

    def resize(width, height=800):
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})

    yield resize
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def box(shown, what):
    return shown.run("const b = arguments[0].getBoundingClientRect(); return [b.left, b.top + scrollY, b.right, b.bottom + scrollY]", what)


def test_the_first_screen_is_what_is_decided_by(page, narrow):
    narrow(1280)
    shown = page()
    report = shown.report
    head = [cell.text for cell in shown.all("table.grid thead th")]
    assert head == ["load", *(arm["name"] for arm in report["arms"])]
    factors = {}
    for row in shown.all("table.grid tbody tr"):
        cells = row.find_elements("css selector", "td")
        factors[row.find_element("css selector", "th").text.replace("\n", " ")] = [
            cell.find_element("css selector", ".big").text.replace("\u00a0", " ") for cell in cells]
    wanted = [difference for difference in report["differences"] if difference["what"] == "requests/s"]
    assert len(wanted) > 4
    said = [text for row in factors.values() for text in row]
    for difference in wanted:
        ratio = difference["ratio"]
        assert f"{ratio:.{0 if ratio >= 99.95 else 1 if ratio >= 9.995 else 2}f} ×" in said, (difference, said)
    assert factors["3 requests released at the same instant"] == ["1.20 s", "501 ms", "501 ms"]
    # large, above the sentences, and on the screen that is seen first
    size = shown.run("return parseFloat(getComputedStyle(document.querySelector('table.grid .big')).fontSize)")
    words = shown.run("return parseFloat(getComputedStyle(document.querySelector('.verdict')).fontSize)")
    assert size >= 1.6 * words
    left, top, right, bottom = box(shown, shown.all("table.grid")[0])
    assert top < 200 and right <= 1280 and bottom < box(shown, shown.all(".verdict")[0])[1]


def test_an_interval_stands_beside_its_factor(page):
    shown = page()
    difference = next(each for each in shown.report["differences"] if each["what"] == "requests/s" and each["group"] == "throughput")
    low, high = difference["ratio_interval"]
    assert f"{low:.2f} to {high:.2f} times sync" in shown.all("table.grid")[0].text


@pytest.mark.parametrize("option, expected", [("--run", "/s"), ("--unsound", "no verdict")])
def test_a_grid_claims_no_more_than_the_report(page, option, expected):
    shown = page(option)
    big = [each.text for each in shown.all("table.grid td .big")]
    assert big and any(expected in text for text in big), big
    assert "×" not in " ".join(big)


@pytest.mark.parametrize("width", [1280, 390])
def test_no_figure_of_a_table_is_cut_off(page, narrow, width):
    narrow(width)
    shown = page()
    for table in shown.all("table.grid, table.stack"):
        cells = [cell for cell in table.find_elements("css selector", "tbody th, tbody td") if cell.is_displayed()]
        assert len(cells) > 10
        edges = shown.run("return arguments[0].map((cell) => { const b = cell.getBoundingClientRect(); return [b.left, b.right]; })", cells)
        assert min(left for left, _ in edges) >= 0 and max(right for _, right in edges) <= width
    verdicts = [cell.text for cell in shown.all("#differences .verdict-word") if cell.is_displayed()]
    assert len(verdicts) == len(shown.report["differences"]) and all("faster" in verdict for verdict in verdicts)


def test_figures_have_their_names_on_a_phone(page, narrow):
    narrow(390)
    shown = page()
    names = shown.run("""return [...document.querySelectorAll('#differences tbody tr:first-child td')].map(
        (cell) => getComputedStyle(cell, '::before').content.replaceAll('"', ''))""")
    assert names == ["compared", "sync", "threads", "ratio", "verdict"]


def test_captions_stay_where_tables_scroll(page):
    shown = page()
    captions = shown.all(".scroll caption > span")
    assert len(captions) == shown.count("caption") > 3
    for caption in captions:
        before, after = shown.run("""
            const holder = arguments[0].closest('.scroll'), left = () => arguments[0].getBoundingClientRect().left;
            holder.style.width = '200px';
            holder.querySelector('table').style.width = '900px';
            const before = left();
            holder.scrollLeft = 300;
            return [before, left()];""", caption)
        assert after == pytest.approx(before, abs=1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phase_has_no_arms_colour(browser, page, scheme):
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    try:
        shown = page()
        colour = "(name) => { const e = document.createElement('i'); e.style.color = `var(--${name})`; document.body.append(e); return getComputedStyle(e).color; }"
        arms = shown.run(f"return [0,1,2,3,4,5].map((i) => ({colour})('arm' + i))")
        phases = shown.run(f"return ['queue', 'database', 'rest'].map({colour})")
        assert len(set(arms) | set(phases)) == 9
        # told apart without colours, too
        light = sorted(luminance(phase) for phase in phases)
        assert all((high + 0.05) / (low + 0.05) >= 1.4 for low, high in zip(light, light[1:]))
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_dots_of_requests_are_seen(page):
    shown = page()
    paper = shown.run("return getComputedStyle(document.documentElement).backgroundColor")
    dots = shown.run("""return [...document.querySelectorAll('svg .dots')].map((e) => {
        const s = getComputedStyle(e); return [s.stroke, Number(s.strokeOpacity), parseFloat(s.strokeWidth)]; })""")
    assert dots
    for stroke, opacity, width in dots:
        mixed = [opacity * int(ink) + (1 - opacity) * int(ground)
                 for ink, ground in zip(re.findall(r"\d+", stroke), re.findall(r"\d+", paper))]
        assert width >= 3 and contrast(f"rgb({', '.join(str(round(each)) for each in mixed)})", paper) >= 3


@pytest.mark.parametrize("width", [1280, 390])
def test_marks_of_knees_cover_no_label(page, narrow, width):
    narrow(width)
    shown = page()
    knees = shown.all("figure[data-kind=throughput] .knee")
    labels = shown.all("figure[data-kind=throughput] text.axis")
    assert knees and labels
    boxes = [box(shown, label) for label in labels]
    for left, top, right, bottom in (box(shown, knee) for knee in knees):
        assert not [each for each in boxes if left < each[2] and each[0] < right and top < each[3] and each[1] < bottom]


def test_a_title_says_its_distance_once(page):
    shown = page()
    titles = [title.text for title in shown.all("#arms tr.group")]
    away = [title for title in titles if "database" in title]
    assert len(away) == 3
    assert not [title for title in titles if title.startswith("delay") or title.count(" ms") > 1]


def test_the_first_printed_page_is_full(browser, page, narrow):
    """On a page of 8.5 x 11 inches, margins of 0.4: 740 x 979 px."""
    narrow(740, 979)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        shown = page()
        assert box(shown, shown.all("figure[data-kind=burst]")[0])[3] <= 979
        assert box(shown, shown.all("#arms")[0])[3] > 979
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
