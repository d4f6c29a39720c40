"use strict";
// Draws the pictures from the data in the page. Everything in it is foreign: text only ever becomes text nodes.
(() => {
	const data = JSON.parse(document.getElementById("data").textContent);
	const report = data.report;
	const ARM_COLOURS = 6;

	// Elements

	function element(space, name, attributes, children) {
		const made = space ? document.createElementNS(space, name) : document.createElement(name);
		for (const [key, value] of Object.entries(attributes || {}))
			made.setAttribute(key, value);
		for (const child of children)
			made.append(child);
		return made;
	}
	const html = (name, attributes, ...children) => element(null, name, attributes, children);
	const svg = (name, attributes, ...children) => element("http://www.w3.org/2000/svg", name, attributes, children);

	// Numbers

	const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

	function three(value) {
		return value >= 100 ? String(Math.round(value)) : value >= 10 ? value.toFixed(1) : value >= 1 ? value.toFixed(2) :
			value > 0 ? value.toPrecision(2) : "0";
	}
	function time(ms) {
		if (!isNumber(ms))
			return "–";
		return ms >= 999.5 ? three(ms / 1000) + " s" : ms >= 0.9995 || ms === 0 ? three(ms) + " ms" : Math.round(ms * 1000) + " µs";
	}
	function count(value) {
		if (!isNumber(value))
			return "–";
		return value >= 999500 ? three(value / 1e6) + "M" : value >= 9999.5 ? three(value / 1e3) + "k" : three(value).replace(/\.?0+$/, (zeros) => zeros[0] === "." ? "" : zeros);
	}
	const tick = (ms) => ms === 0 ? "0" : ms >= 1000 ? ms / 1000 + " s" : ms >= 1 ? ms + " ms" : Math.round(ms * 1000) + " µs";

	// Scales: value -> pixel, with the ticks that fit

	function linear(low, high, from, to, wanted) {
		const rough = (high - low) / wanted || 1, power = 10 ** Math.floor(Math.log10(rough));
		const step = [1, 2, 5, 10].map((times) => times * power).find((each) => each >= rough) || rough;
		const ticks = [];
		for (let at = Math.ceil(low / step) * step; at <= high + step / 1e6; at += step)
			ticks.push(Number(at.toPrecision(12)));
		return Object.assign((value) => from + (value - low) / (high - low || 1) * (to - from), {ticks, low, high});
	}
	function logarithmic(low, high, from, to, base) {
		const floor = Math.log(low), width = Math.log(high) - floor || 1;
		const ticks = [];
		for (let power = Math.floor(Math.log(low) / Math.log(base)); base ** power <= high * 1.0001; power++)
			for (const times of base === 10 && width < Math.log(400) ? [1, 2, 5] : [1]) {
				const at = Number((times * base ** power).toPrecision(12));
				if (at >= low * 0.9999 && at <= high * 1.0001)
					ticks.push(at);
			}
		return Object.assign((value) => from + (Math.log(Math.max(value, low)) - floor) / width * (to - from), {ticks, low, high});
	}

	// A figure: title, picture, what it shows in words, and the same as a table

	const pictures = []; // drawn again when the width changes

	function table(head, rows) {
		return html("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": "The figures as a table"},
			html("table", {}, html("thead", {}, html("tr", {}, ...head.map((text) => html("th", {scope: "col"}, text)))),
				html("tbody", {}, ...rows.map((row) => html("tr", {}, ...row.map((text, i) =>
					i === 0 ? html("th", {scope: "row"}, text) : html("td", {}, text)))))));
	}
	function figure(parent, kind, title, says, draw, head, rows) {
		const holder = html("div", {});
		parent.append(html("h3", {}, title), html("figure", {"data-kind": kind}, holder, html("figcaption", {}, says),
			html("details", {}, html("summary", {}, "The figures as a table"), table(head, rows))));
		const redraw = () => {
			const width = Math.max(280, Math.min(990, holder.clientWidth || 900));
			const {height, parts} = draw(width);
			holder.replaceChildren(svg("svg", {viewBox: `0 0 ${width} ${height}`, role: "img",
				"aria-label": `${title}. ${says} The same figures stand in the table below.`}, ...parts));
		};
		pictures.push(redraw);
		redraw();
	}

	// Plots: axes, lines, and names at their ends

	const armClass = (arm) => arm % ARM_COLOURS;
	const armName = (arm) => report.arms[arm] ? report.arms[arm].name : "?";

	function axes(area, x, y, xText, yText, xTitle, yTitle) {
		const parts = [];
		let last = -Infinity;
		for (const at of y.ticks)
			parts.push(svg("line", {class: "grid", x1: area.left, x2: area.right, y1: y(at), y2: y(at)}),
				svg("text", {class: "axis", x: area.left - 6, y: y(at) + 4, "text-anchor": "end"}, yText(at)));
		for (const at of x.ticks) {
			const place = x(at), text = xText(at);
			if (place - last < 7 * text.length + 8)
				continue;
			last = place;
			parts.push(svg("text", {class: "axis", x: place, y: area.bottom + 16, "text-anchor": "middle"}, text));
		}
		parts.push(svg("line", {class: "grid", x1: area.left, x2: area.right, y1: area.bottom, y2: area.bottom}),
			svg("text", {class: "axis", x: area.right, y: area.bottom + 32, "text-anchor": "end"}, xTitle),
			svg("text", {class: "axis", x: 0, y: area.top - 10}, yTitle));
		return parts;
	}
	const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

	function mark(arm, x, y, title) {
		const shapes = [
			() => svg("circle", {cx: x, cy: y, r: 3.5}),
			() => svg("rect", {x: x - 3.2, y: y - 3.2, width: 6.4, height: 6.4}),
			() => svg("path", {d: `M${x} ${y - 4.5}L${x + 4.3} ${y + 3.2}L${x - 4.3} ${y + 3.2}Z`}),
		];
		const shape = shapes[arm % shapes.length]();
		shape.setAttribute("class", `mark f${armClass(arm)}`);
		shape.append(svg("title", {}, title));
		return shape;
	}
	// Names beside the ends of their lines, pushed apart where they would lie on each other.
	function names(area, ends) {
		const sorted = ends.slice().sort((a, b) => a.y - b.y);
		for (let i = 1; i < sorted.length; i++)
			sorted[i].y = Math.max(sorted[i].y, sorted[i - 1].y + 15);
		const over = sorted.length ? sorted[sorted.length - 1].y - area.bottom : 0;
		return sorted.map((end) => svg("text", {class: `strong f${armClass(end.arm)}`, x: area.right + 8,
			y: end.y + 4 - Math.max(0, over)}, end.text.length > 14 ? end.text.slice(0, 13) + "…" : end.text));
	}
	const areaOf = (width, height, right) => ({left: 52, right: width - right, top: 28, bottom: height - 40});

	// Bursts

	const PHASES = [["q", "queued"], ["d", "database"], ["r", "rest"]];

	function phases(bar) {
		if (!isNumber(bar.database_ms))
			return [["u", "not known", bar.done_ms - bar.sent_ms]];
		const queued = bar.queue_before_ms + bar.queue_ms;
		return [["q", "queued", queued], ["d", "database", bar.database_ms],
			["r", "rest", Math.max(0, bar.done_ms - bar.sent_ms - queued - bar.database_ms)]];
	}
	function bursts() {
		const all = report.bursts.filter((burst) => burst.requests.length > 0);
		if (all.length === 0)
			return;
		const most = Math.max(...all.flatMap((burst) => burst.requests.map((bar) => bar.done_ms)));
		const draw = (width) => {
			const isNarrow = width < 560, left = isNarrow ? 0 : 130, row = isNarrow ? 38 : 24;
			const x = linear(0, most, left, width - 66, isNarrow ? 3 : 8), parts = [];
			let y = 20, legend = 0;
			for (const [name, text] of PHASES) {
				parts.push(svg("rect", {class: name, x: legend, y: 2, width: 12, height: 12}),
					svg("text", {x: legend + 17, y: 12}, text));
				legend += 30 + 7 * text.length;
			}
			const top = y + 8;
			for (const burst of all) {
				y += 26;
				const overlap = isNumber(burst.overlap) ? `, overlap ${burst.overlap.toFixed(2)}` : "";
				parts.push(svg("text", {class: "strong", x: 0, y: y}, armName(burst.arm)),
					svg("text", {class: "axis", x: Math.max(left, 9 * armName(burst.arm).length + 12), y: y},
						`all over after ${time(burst.makespan_ms)}${overlap}`));
				for (const bar of burst.requests) {
					const label = `${armName(burst.arm)}, ${bar.label}: ${time(bar.done_ms)}`;
					let from = bar.sent_ms;
					parts.push(svg("text", {class: "axis", x: 0, y: y + (isNarrow ? 16 : 19)}, bar.label.slice(0, 24)));
					const barTop = y + (isNarrow ? 20 : 8);
					for (const [name, text, ms] of phases(bar)) {
						parts.push(svg("rect", {class: `${name} phase`, x: x(from), y: barTop,
							width: Math.max(ms > 0 ? 0.5 : 0, x(from + ms) - x(from)), height: 15},
							svg("title", {}, `${label}; ${text} ${time(ms)}`)));
						from += ms;
					}
					const ending = bar.outcome !== "answered" ? bar.outcome : bar.status >= 400 ? `status ${bar.status}` :
						time(bar.done_ms);
					parts.push(svg("text", {x: x(bar.done_ms) + 6, y: barTop + 12}, ending));
					y += row;
				}
				y += 8;
			}
			for (const at of x.ticks)
				parts.unshift(svg("line", {class: "grid", x1: x(at), x2: x(at), y1: top, y2: y + 4}));
			for (const at of x.ticks)
				parts.push(svg("text", {class: "axis", x: x(at), y: y + 18, "text-anchor": at === 0 ? "start" : "middle"}, tick(at)));
			return {height: y + 26, parts};
		};
		figure(document.getElementById("burst-figures"), "burst", "Released at the same instant",
			"Each bar is one request, from the instant of release to its answer: behind each other, or overlapped.", draw,
			["mode", "request", "alone", "queued", "database", "done"],
			all.flatMap((burst) => burst.requests.map((bar) => [armName(burst.arm), bar.label, time(bar.solo_ms),
				time(isNumber(bar.queue_ms) ? bar.queue_before_ms + bar.queue_ms : NaN), time(bar.database_ms), time(bar.done_ms)])));
	}

	// Curves

	function usl(fit, n) {
		return fit.lambda_per_s * n / (1 + fit.sigma * (n - 1) + fit.kappa * n * (n - 1));
	}
	function groupBy(items, keyOf) {
		const groups = new Map();
		for (const item of items) {
			const key = keyOf(item);
			groups.set(key, (groups.get(key) || []).concat([item]));
		}
		return [...groups.values()];
	}
	const away = (delay) => delay > 0 ? `, database ${time(delay)} away` : "";

	function throughputCurve(parent, curves) {
		const levels = curves.flatMap((curve) => curve.levels).filter((level) => level.throughput_per_s > 0);
		const bounds = curves.filter((curve) => isNumber(curve.little_per_s));
		if (levels.length === 0)
			return;
		const rates = levels.map((level) => level.throughput_per_s).concat(bounds.map((curve) => curve.little_per_s));
		const draw = (width) => {
			const area = areaOf(width, 380, 92);
			const x = logarithmic(Math.min(...levels.map((each) => each.concurrency)), Math.max(...levels.map((each) => each.concurrency)), area.left + 8, area.right - 4, 2);
			const y = logarithmic(Math.min(...rates) / 1.3, Math.max(...rates) * 1.3, area.bottom, area.top, 10);
			const parts = axes(area, x, y, String, count, "requests at once", "answers a second"), ends = [];
			for (const curve of curves) {
				const arm = curve.arm, shown = curve.levels.filter((level) => level.throughput_per_s > 0);
				if (shown.length === 0)
					continue;
				if (isNumber(curve.little_per_s))
					parts.push(svg("line", {class: `bound little a${armClass(arm)}`, x1: area.left, x2: area.right, y1: y(curve.little_per_s), y2: y(curve.little_per_s)}),
						svg("text", {class: `f${armClass(arm)}`, x: area.left + 10, y: y(curve.little_per_s) - 6},
							`Little's bound of ${armName(arm)}: ${count(curve.little_per_s)}/s`));
				if (curve.usl.is_fitted) {
					const fitted = [];
					for (let n = x.low; n <= x.high * 1.001; n *= 1.05)
						fitted.push([x(n), y(usl(curve.usl, n))]);
					parts.push(svg("path", {class: `thin usl a${armClass(arm)}`, d: path(fitted)}));
				}
				parts.push(svg("path", {class: `line a${armClass(arm)}`, d: path(shown.map((level) => [x(level.concurrency), y(level.throughput_per_s)]))}));
				for (const level of shown) {
					const [low, high] = level.throughput_range_per_s;
					parts.push(svg("line", {class: `a${armClass(arm)}`, x1: x(level.concurrency), x2: x(level.concurrency), y1: y(Math.max(low, y.low)), y2: y(high)}),
						mark(arm, x(level.concurrency), y(level.throughput_per_s), `${armName(arm)}, ${level.concurrency} at once: ${count(level.throughput_per_s)}/s`));
				}
				if (isNumber(curve.knee) && curve.knee >= x.low && curve.knee <= x.high)
					parts.push(svg("path", {class: `knee f${armClass(arm)}`, d: `M${x(curve.knee)} ${area.bottom}l-6 -10h12Z`},
						svg("title", {}, `the knee of ${armName(arm)}: ${three(curve.knee)}`)));
				ends.push({arm, y: y(shown[shown.length - 1].throughput_per_s), text: armName(arm)});
			}
			return {height: 380, parts: parts.concat(names(area, ends))};
		};
		figure(parent, "throughput", `Answers a second over concurrency: ${curves[0].what}${away(curves[0].delay_ms)}`,
			"Both axes are logarithmic: a straight line upwards is perfect scaling. Dotted and level: Little's bound. Thin and dashed: the fitted Universal Scalability Law. The triangle above the axis: the knee, from where more requests only wait in line.",
			draw, ["mode", "at once", "answers/s", "lowest", "highest", "p50", "p99"],
			curves.flatMap((curve) => curve.levels.map((level) => [armName(curve.arm), String(level.concurrency), count(level.throughput_per_s),
				...level.throughput_range_per_s.map(count), time(level.p50_ms), time(level.p99_ms)])));
	}
	function latencyCurve(parent, curves) {
		const levels = curves.flatMap((curve) => curve.levels).filter((level) => level.throughput_per_s > 0 && isNumber(level.p50_ms));
		if (levels.length === 0)
			return;
		const times = levels.flatMap((level) => [level.p50_ms, level.p99_ms]).filter((ms) => isNumber(ms) && ms > 0);
		if (isNumber(report.slo.limit_ms))
			times.push(report.slo.limit_ms);
		const rates = levels.map((level) => level.throughput_per_s).concat(curves.map((curve) => curve.little_per_s).filter(isNumber));
		const draw = (width) => {
			const area = areaOf(width, 360, 92);
			const x = logarithmic(Math.min(...rates) / 1.2, Math.max(...rates) * 1.2, area.left, area.right, 10);
			const y = logarithmic(Math.min(...times) / 1.2, Math.max(...times) * 1.2, area.bottom, area.top, 10);
			const parts = axes(area, x, y, count, tick, "answers a second", "response time"), ends = [];
			if (isNumber(report.slo.limit_ms))
				parts.push(svg("line", {class: "slo", x1: area.left, x2: area.right, y1: y(report.slo.limit_ms), y2: y(report.slo.limit_ms)}),
					svg("text", {class: "axis", x: area.left + 6, y: y(report.slo.limit_ms) - 5}, `the goal: p${report.slo.percent} below ${time(report.slo.limit_ms)}`));
			for (const curve of curves) {
				const arm = curve.arm, shown = curve.levels.filter((level) => level.throughput_per_s > 0 && isNumber(level.p50_ms));
				const tail = shown.filter((level) => isNumber(level.p99_ms));
				if (shown.length === 0)
					continue;
				if (isNumber(curve.little_per_s))
					parts.push(svg("line", {class: `bound little a${armClass(arm)}`, x1: x(curve.little_per_s), x2: x(curve.little_per_s), y1: area.top, y2: area.bottom},
						svg("title", {}, `Little's bound of ${armName(arm)}: ${count(curve.little_per_s)}/s`)));
				parts.push(svg("path", {class: `line a${armClass(arm)}`, d: path(shown.map((level) => [x(level.throughput_per_s), y(level.p50_ms)]))}),
					svg("path", {class: `line dash1 a${armClass(arm)}`, d: path(tail.map((level) => [x(level.throughput_per_s), y(level.p99_ms)]))}));
				for (const level of shown)
					parts.push(mark(arm, x(level.throughput_per_s), y(level.p50_ms), `${armName(arm)}, ${level.concurrency} at once: ${count(level.throughput_per_s)}/s, p50 ${time(level.p50_ms)}, p99 ${time(level.p99_ms)}`));
				ends.push({arm, y: y(shown[shown.length - 1].p50_ms), text: armName(arm)});
			}
			return {height: 360, parts: parts.concat(names(area, ends))};
		};
		figure(parent, "latency", `Response time against load: ${curves[0].what}${away(curves[0].delay_ms)}`,
			"Solid: p50, dashed: p99 where the requests support it. Each mark is a level of concurrency; where a line turns upwards, more requests only wait longer. The dotted lines are Little's bounds.",
			draw, ["mode", "at once", "answers/s", "p50", "p90", "p99", "max"],
			curves.flatMap((curve) => curve.levels.map((level) => [armName(curve.arm), String(level.concurrency), count(level.throughput_per_s),
				time(level.p50_ms), time(level.p90_ms), time(level.p99_ms), time(level.max_ms)])));
	}

	// Distributions and time series of the loads that are no curve

	const loadsOf = report.loads.map((load, index) => ({load, index})).filter(({load}) => !load.group.startsWith("curve") && load.requests > 0);
	const groups = groupBy(loadsOf, ({load}) => load.group);

	// Of the rounds of each arm the one in the middle.
	function middles(group) {
		return groupBy(group, ({load}) => load.arm).map((rounds) =>
			rounds.slice().sort((a, b) => a.load.throughput_per_s - b.load.throughput_per_s)[Math.floor(rounds.length / 2)]);
	}
	function distribution(parent, group) {
		const spectra = data.spectra.filter((spectrum) => group.some(({index}) => index === spectrum.load) && spectrum.points.length > 1);
		if (spectra.length === 0)
			return;
		const all = spectra.flatMap((spectrum) => spectrum.points);
		const values = all.map(([, ms]) => ms).filter((ms) => ms > 0);
		const isOne = report.arms.length === 1;
		const draw = (width) => {
			const area = areaOf(width, 320, 92);
			const x = logarithmic(1, Math.max(10, ...all.map(([over]) => over)), area.left, area.right, 10);
			const y = logarithmic(Math.min(...values) / 1.2, Math.max(...values) * 1.2, area.bottom, area.top, 10);
			const percent = (over) => over === 1 ? "0 %" : `${Number((100 * (1 - 1 / over)).toPrecision(12))} %`;
			x.ticks = [1, 2, 10, 100, 1000, 10000, 100000, 1e6].filter((over) => over <= x.high);
			const parts = axes(area, x, y, percent, tick, "of the requests took at most", "response time"), ends = [];
			for (const spectrum of spectra) {
				const arm = report.loads[spectrum.load].arm, last = spectrum.points[spectrum.points.length - 1];
				parts.push(svg("path", {class: `line a${armClass(arm)}`, d: path(spectrum.points.map(([over, ms]) => [x(over), y(ms)]))},
					svg("title", {}, armName(arm))),
					mark(arm, x(last[0]), y(last[1]), `${armName(arm)}: ${percent(last[0])} took at most ${time(last[1])}${spectrum.at_least_count ? ", some at least that long" : ""}`));
				ends.push({arm, y: y(last[1]), text: isOne ? `${count(spectrum.count)} req.` : armName(arm)});
			}
			return {height: 320, parts: parts.concat(names(area, ends))};
		};
		const at = (spectrum, over) => {
			const found = spectrum.points.filter((point) => point[0] <= over * 1.001);
			return spectrum.points[spectrum.points.length - 1][0] < over * 0.999 ? "too few" : time(found[found.length - 1][1]);
		};
		figure(parent, "distribution", `Distribution of response times: ${group[0].load.group}`,
			"All rounds together. Each line ends where its number of requests supports no higher percentile.", draw,
			["mode", "requests", "p50", "p90", "p99", "p99.9", "p99.99"],
			spectra.map((spectrum) => [armName(report.loads[spectrum.load].arm), count(spectrum.count),
				...[2, 10, 100, 1000, 10000].map((over) => at(spectrum, over))]));
	}
	function series(parent, group) {
		const chosen = middles(group).filter(({load}) => load.moments.at_s.length > 1);
		if (chosen.length === 0)
			return;
		const rates = chosen.flatMap(({load}) => load.moments.done_per_s.concat(load.moments.sent_per_s));
		const tails = chosen.flatMap(({load}) => load.moments.p99_ms).filter((ms) => isNumber(ms) && ms > 0);
		const end = Math.max(...chosen.map(({load}) => load.duration_s));
		const draw = (width) => {
			const upper = areaOf(width, 220, 92), lower = {...areaOf(width, 420, 92), top: 248};
			const x = linear(0, end, upper.left, upper.right, width < 560 ? 4 : 8);
			const y = linear(0, Math.max(...rates) * 1.05 || 1, upper.bottom, upper.top, 5);
			const parts = axes(upper, x, y, (s) => `${s} s`, count, "", "answers a second (dotted: due)"), ends = [];
			const low = tails.length ? logarithmic(Math.min(...tails) / 1.2, Math.max(...tails) * 1.2, lower.bottom, lower.top, 10) : null;
			if (low)
				parts.push(...axes(lower, x, low, (s) => `${s} s`, tick, "since the window began", "p99 of the moment"));
			for (const {load} of chosen) {
				const m = load.moments, line = (values, scale) => path(m.at_s.map((s, i) => [s, values[i]]).filter(([, v]) => isNumber(v) && (scale === y || v > 0)).map(([s, v]) => [x(s), scale(v)]));
				parts.push(svg("path", {class: `line a${armClass(load.arm)}`, d: line(m.done_per_s, y)}, svg("title", {}, armName(load.arm))));
				if (load.model === "open")
					parts.push(svg("path", {class: `thin a${armClass(load.arm)}`, d: line(m.sent_per_s, y)}));
				if (low)
					parts.push(svg("path", {class: `line a${armClass(load.arm)}`, d: line(m.p99_ms, low)}, svg("title", {}, armName(load.arm))));
				ends.push({arm: load.arm, y: y(m.done_per_s[m.done_per_s.length - 1]), text: armName(load.arm)});
			}
			return {height: low ? 420 : 220, parts: parts.concat(names(upper, ends))};
		};
		figure(parent, "series", `Over time: ${group[0].load.group}`,
			chosen.some(({load}) => load.round > 0) ? "Of each mode the round whose answers a second lie in the middle." : "The measured window.", draw,
			["mode", "from", "answers/s", "failed/s", "under way", "p50", "p99"],
			chosen.flatMap(({load}) => load.moments.at_s.map((s, i) => [armName(load.arm), `${three(s)} s`, count(load.moments.done_per_s[i]),
				count(load.moments.failed_per_s[i]), three(load.moments.in_flight[i]), time(load.moments.p50_ms[i]), time(load.moments.p99_ms[i])])));
	}
	function scatter(parent, group) {
		const chosen = middles(group).map(({load, index}) => ({load, points: data.points.find((each) => each.load === index)}))
			.filter(({points}) => points && points.at_ms.length > 0);
		if (chosen.length === 0)
			return;
		const values = chosen.flatMap(({points}) => points.response_ms).filter((ms) => ms > 0);
		const end = Math.max(...chosen.map(({load}) => load.duration_s * 1000));
		const drawn = chosen.reduce((sum, {points}) => sum + points.at_ms.length, 0);
		const requests = chosen.reduce((sum, {load}) => sum + load.requests, 0);
		const draw = (width) => {
			const area = areaOf(width, 320, 92);
			const x = linear(0, end, area.left, area.right, width < 560 ? 4 : 8);
			const y = logarithmic(Math.min(...values) / 1.2, Math.max(...values) * 1.2, area.bottom, area.top, 10);
			const parts = axes(area, x, y, (ms) => `${ms / 1000} s`, tick, "due", "response time"), ends = [];
			for (const {load, points} of chosen) {
				const failed = new Set(points.failed.map(([i]) => i));
				const dots = points.at_ms.map((ms, i) => failed.has(i) || ms > end ? "" : `M${x(ms).toFixed(1)} ${y(points.response_ms[i]).toFixed(1)}h0`).join("");
				parts.push(svg("path", {class: `dots a${armClass(load.arm)}`, d: dots}));
				for (const [i, why] of points.failed)
					parts.push(svg("path", {class: "failed", d: `M${x(points.at_ms[i]) - 3} ${y(points.response_ms[i]) - 3}l6 6m0 -6l-6 6`},
						svg("title", {}, `${armName(load.arm)}: ${why}`)));
				const sorted = points.response_ms.slice().sort((a, b) => a - b);
				ends.push({arm: load.arm, y: y(sorted[Math.floor(sorted.length / 2)]), text: armName(load.arm)});
			}
			return {height: 320, parts: parts.concat(names(area, ends))};
		};
		figure(parent, "points", `Each request: ${group[0].load.group}`,
			`A dot a request, when it was due and how long it took; a cross is a failure. ${count(drawn)} of ${count(requests)} are drawn, the slowest and the failures among them.`,
			draw, ["mode", "requests", "drawn", "failures drawn"],
			chosen.map(({load, points}) => [armName(load.arm), count(load.requests), count(points.at_ms.length), count(points.failed.length)]));
	}

	// The generator itself

	function lateness() {
		let worst = null;
		for (const load of report.loads)
			if (!worst || load.self_check.lateness.p99_us > worst.self_check.lateness.p99_us)
				worst = load;
		const steps = worst ? worst.self_check.lateness.histogram : [];
		const all = steps.reduce((sum, step) => sum + step.count, 0);
		if (all === 0)
			return;
		const text = (step) => isNumber(step.to_us) ? `< ${time(step.to_us / 1000)}` : "more";
		const draw = (width) => {
			const row = 19, most = Math.max(...steps.map((step) => step.count));
			const parts = steps.flatMap((step, i) => [
				svg("text", {class: "axis", x: 74, y: i * row + 13, "text-anchor": "end"}, text(step)),
				svg("rect", {class: "bar late", x: 82, y: i * row + 2, width: (width - 150) * step.count / most, height: 13}),
				svg("text", {x: 88 + (width - 150) * step.count / most, y: i * row + 13}, step.count ? `${three(100 * step.count / all)} %` : ""),
			]);
			return {height: steps.length * row + 4, parts};
		};
		figure(document.getElementById("late-figures"), "lateness", "How late requests were sent",
			`Of the load whose sends were latest: ${armName(worst.arm)}, ${worst.what}. The error bar of this instrument.`, draw,
			["late by", "sends"], steps.map((step) => [text(step), count(step.count)]));
	}

	function all() {
		const figures = document.getElementById("figures");
		bursts();
		for (const curves of groupBy(report.curves.filter((curve) => curve.levels.length > 0), (curve) => `${curve.what} ${curve.delay_ms}`)) {
			throughputCurve(figures, curves);
			latencyCurve(figures, curves);
		}
		for (const group of groups) {
			distribution(figures, group);
			series(figures, group);
			scatter(figures, group);
		}
		if (figures.children.length > 0)
			figures.prepend(html("h2", {}, "Figures"));
		lateness();
		let waiting = 0;
		window.addEventListener("resize", () => {
			cancelAnimationFrame(waiting);
			waiting = requestAnimationFrame(() => pictures.forEach((redraw) => redraw()));
		});
		document.documentElement.dataset.drawn = "yes";
	}
	all();
})();
