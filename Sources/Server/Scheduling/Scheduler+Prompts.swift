import Models

/// Prompts: what is known of them, what is read of them at a time, and what is kept.
extension Scheduler {
    /// Begins a job: takes over what is known of its prompt.
    func begin(_ job: TextJob) {
        job.beginning = .now
        let prompt = job.request.prompt
        let state = makeState(for: job)
        job.state = state
        if job.usesKeptRows, let match = cache.match(prompt, needsLogits: job.draws) {
            state.copy(from: match.state, count: match.count)
            job.cachedCount = match.count
            job.logits = match.logits
            statistics.cachedTokenCount += match.count
        }
        if state.count == prompt.count {
            finishPrompt(job)
        } else {
            job.leader = leader(of: job)
            reading.append(job)
        }
    }

    /// The job being read that has most of a prompt's beginning before it, where waiting for that
    /// spares reading it twice.
    private func leader(of job: TextJob) -> (job: TextJob, count: Int)? {
        guard job.usesKeptRows, let state = job.state, state.isDivisible else { return nil }
        // Fewer tokens than these are read as quickly as they are waited for.
        var best: (job: TextJob, count: Int)? = nil
        var most = state.count + 15
        for other in reading where other.request.usesCache {
            let common = PromptCache.commonCount(other.request.prompt, job.request.prompt)
            let count = min(common, job.request.prompt.count - 1)
            if count > most { (best, most) = ((other, count), count) }
        }
        return best
    }

    /// Lets jobs take over what those before them have read of the same beginning.
    private func follow() {
        for job in reading {
            guard let (leader, count) = job.leader else { continue }
            if let state = leader.state, state.count >= count {
                job.state?.copy(from: state, count: count)
                statistics.cachedTokenCount += count - job.cachedCount
                job.cachedCount = count
                job.leader = nil
            } else if leader.isOver {
                job.leader = nil
            }
        }
    }

    /// A state with room for a job's prompt and the beginning of what is drawn behind it.
    func makeState(for job: TextJob) -> any ReadingState {
        let count = job.request.prompt.count
        return pass.makeState(capacity: min(job.mostRead, count + 32 + count / 8))
    }

    /// Reads the next tokens of the prompts, first come first served, all in one call.
    func readChunk() {
        guard !reading.isEmpty else { return }
        var room = options.chunkLength
        var parts: [TextPart] = []
        var starts: [Int] = []
        var jobs: [TextJob] = []
        follow()
        for job in reading where room > 0 && job.leader == nil {
            guard let state = job.state else { continue }
            jobs.append(job)
            let start = state.count
            let end = min(start + room, job.request.prompt.count)
            parts.append(
                TextPart(
                    Array(job.request.prompt[start..<end]), into: state,
                    wanted: wanted(start..<end, of: job)))
            starts.append(start)
            room -= end - start
        }
        let start = ContinuousClock.now
        pass.read(parts) { part, place, logits, row in
            logits.withLogits(ofText: row) {
                jobs[part].take($0, after: starts[part] + place, scorer: scorer)
            }
        }
        follow()
        statistics.promptSeconds += start.seconds(to: .now)
        statistics.promptTokenCount += options.chunkLength - room
        statistics.modelCallCount += 1
        statistics.busySlotSum += parts.count
        for job in jobs {
            if job.isNotFinite {
                fail(job, .notFinite)
            } else if job.state?.count == job.request.prompt.count {
                finishPrompt(job)
            }
        }
        reading.removeAll { $0.isOver || $0.isRead }
        flush()
    }

    /// The places among those of `range` whose logits a job wants, counted from its beginning.
    private func wanted(_ range: Range<Int>, of job: TextJob) -> Range<Int> {
        let last = job.request.prompt.count - 1
        var places = last..<last + 1
        if job.isEchoed {
            // What a source says of its own tokens is nothing.
            let first = targetToken.flatMap { job.request.prompt.firstIndex(of: $0) } ?? 0
            places = first..<last + 1
        }
        if !job.draws { places = places.lowerBound..<last }
        let wanted = places.clamped(to: range)
        return wanted.lowerBound - range.lowerBound..<wanted.upperBound - range.lowerBound
    }

    /// Keeps a prompt that is read, and lets its texts begin.
    private func finishPrompt(_ job: TextJob) {
        job.promptEnd = .now
        job.isRead = true
        keep(job, count: job.request.prompt.count)
        tell(job, .promptRead(cachedCount: job.cachedCount, tokens: job.echo))
        job.scored = []
        if job.draws {
            ready.append(job)
        } else {
            for sample in 0..<job.request.sampleCount {
                tell(job, .ended(sample: sample, reason: .length))
            }
            finish(job)
        }
    }

    /// Keeps what was read of a job's prompt that is not read to its end.
    func keepPart(of job: TextJob) { keep(job, count: job.state?.count ?? 0) }

    private func keep(_ job: TextJob, count: Int) {
        guard job.request.usesCache, options.cacheByteCount > 0, count > job.cachedCount,
            let state = job.state
        else { return }
        let tokens = Array(job.request.prompt.prefix(count))
        // A text goes on in its state, behind the rows that are kept; what cannot be divided is
        // copied before.
        var kept = state
        if !state.isDivisible {
            kept = pass.makeState(capacity: count)
            kept.copy(from: state, count: count)
        }
        cache.keep(tokens, state: kept, logits: job.logits)
    }
}
