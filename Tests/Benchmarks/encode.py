"""Encoding speed in memory: Quern's library beside its peers, on the same bytes."""

import vocabularies
from harness import (
    Failure,
    bench_tool,
    counted,
    number,
    peer,
    say,
    table,
    times,
)
from programs import DOCUMENTS, WHOLE, Program, columns, failures
from texts import chunks_of

# The form in which each gets the text, and whether it is fast enough to get all of it.
PEERS = [
    ("gigatoken", WHOLE, True),
    ("gigatoken", DOCUMENTS, True),
    ("fastokens", WHOLE, True),
    ("fastokens", DOCUMENTS, True),
    ("snaptokens", DOCUMENTS, True),
    ("toktok-rs", DOCUMENTS, True),
    ("tuetoken", DOCUMENTS, True),
    ("tiktoken", DOCUMENTS, False),
    ("tokenizers", DOCUMENTS, False),
]
# It has its vocabularies built in, and no others.
ONLY = {"toktok-rs": ["cl100k", "o200k"]}
SLOW_MEGABYTES = 2
PASSES = 4


def measure(options):
    for name in options.vocabularies:
        vocabulary = vocabularies.vocabulary(name)
        for kind in options.corpora:
            measure_text(name, vocabulary, chunks_of(kind, options.megabytes), PASSES, options)
        if options.once_megabytes:
            text = chunks_of("english", options.once_megabytes)
            measure_text(name, vocabulary, text, 1, options)


def measure_text(name, vocabulary, text, passes, options):
    """One table: a vocabulary on a text."""
    right = Rightness(vocabulary, text)
    rows, notes, alone = [], [], None
    kinds = ["first", "later"] if passes > 1 else ["first"]
    for threads in options.encode_threads:
        own, peers = measure_threads(name, vocabulary, text, passes, threads, right, options)
        rows += [[threads, *program.row(kinds)] for program in [own, *peers]]
        notes += failures([own, *peers]) + summary(own, peers, threads)
        if own.failure is None and threads == 1:
            alone = own
        elif own.failure is None and alone and not options.processor_time:
            notes.append(scaling(own, alone, threads))
    table(
        f"Encoding in memory: {name}, {text.kind}, {number(text.byte_count / 1e6)} MB in "
        f"{number(text.document_count)} documents of 8 KiB, MB/s"
        + (" of processor time" if options.processor_time else ""),
        [
            "threads",
            "program",
            *columns(kinds),
            "ids",
            "peak MB",
        ],
        rows,
        [
            f"Medians of {counted(options.repeat, 'round')}, all programs in turn, each in a fresh "
            "process on as many processors as it has threads;",
            "loading not counted. The ratio is the median over the rounds. The ids of the whole "
            "text are compared, by count and checksum,",
            f"with Quern's of the same form; tiktoken and tokenizers get {SLOW_MEGABYTES} MB.",
            *notes,
        ],
    )


def measure_threads(name, vocabulary, text, passes, threads, right, options):
    own = Program("Quern")
    # Peers that are ten times slower would take most of the time, and are not needed twice.
    is_brief = passes == 1
    peers = [
        Program(*entry)
        for entry in PEERS
        if name in ONLY.get(entry[0], [name]) and (entry[2] or not is_brief)
    ]
    for place in range(options.repeat):
        say(
            f"encode, {name}, {text.kind}, {counted(threads, 'thread')}: "
            f"round {place + 1} of {options.repeat} ..."
        )
        try:
            answer = run_quern(vocabulary, text, threads, passes)
            own.add(answer, options)
        except Failure as failure:
            own.failure = str(failure)
        for program in peers:
            if program.failure is None:
                run_peer(program, name, vocabulary, text, passes, threads, right, own, options)
    return own, peers


def run_peer(program, name, vocabulary, text, passes, threads, right, own, options):
    limit = text.byte_count if program.gets_all else SLOW_MEGABYTES * 1e6
    request = {
        "peer": program.name,
        "form": program.form,
        "vocabulary": name,
        "tokenizer": vocabulary / "tokenizer.json",
        "flat": text.flat,
        "lengths": text.lengths,
        "threads": threads,
        "bytes": limit,
        "passes": passes,
    }
    try:
        answer = peer("peers_encode.py", request, threads)
    except Failure as failure:
        program.failure = str(failure)
        return
    program.add(answer, options, own if own.failure is None else None)
    is_same = right.is_same(program.form, limit, answer)
    if is_same is not None:
        program.judge(is_same)


class Rightness:
    """Quern's ids of a text in each form, for comparison."""

    def __init__(self, vocabulary, text):
        self.vocabulary, self.text = vocabulary, text
        self.known = {}

    def is_same(self, form, limit, answer):
        """Whether a peer's ids are Quern's; `None` if Quern has none."""
        key = form, limit
        if key not in self.known:
            try:
                more = ["--limit-bytes", int(limit), *(["--whole"] if form == WHOLE else [])]
                own = run_quern(self.vocabulary, self.text, 1, 1, *more)
                self.known[key] = own["count"], own["checksum"]
            except Failure:
                self.known[key] = None
        return self.known[key] and self.known[key] == (answer["count"], answer["checksum"])


def run_quern(vocabulary, text, threads, passes, *more):
    arguments = ["--vocab", vocabulary, "--flat", text.flat, "--lengths", text.lengths]
    arguments += ["--threads", threads, "--passes", passes, *more]
    answer = bench_tool(*arguments, threads=threads)
    for key in ("seconds", "processor_seconds"):
        # It was not told to repeat.
        [answer[key]] = answer[key]
    return answer


def summary(own, peers, threads):
    """Fastest of those with the right ids, in the first pass and later."""
    exact = [program for program in peers if program.verdict == "same" and program.failure is None]
    lines = []
    for title, kind in (("First pass", "first"), ("Later passes", "later")):
        able = [program for program in exact if getattr(program, kind).values]
        if not able or own.failure or not getattr(own, kind).values:
            continue
        best = max(able, key=lambda program: getattr(program, kind).median)
        lines.append(
            f"{title}, {counted(threads, 'thread')}: the fastest peer with the same ids is "
            f"{best.title}; Quern is {times(getattr(best, kind).ratio())}."
        )
    return lines


def scaling(own, alone, threads):
    parts = [f"{times(own.first.median / alone.first.median)} in the first pass"]
    if own.later.values:
        parts.append(f"{times(own.later.median / alone.later.median)} later")
    return f"Quern with {threads} threads is as fast as with one, {', '.join(parts)}."
