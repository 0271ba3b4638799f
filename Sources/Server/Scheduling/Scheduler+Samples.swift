import Models
import Work

/// Texts: their beginnings from a prompt, and the steps in which each gets a token.
extension Scheduler {
    /// Lets texts begin whose prompts are read, while there are slots: each draws its first token.
    func beginSamples() {
        var fresh: [TextSample] = []
        while let job = ready.first,
            reading.count + samples.count + fresh.count < options.slotCount,
            let prompt = job.state
        {
            let number = job.begunCount
            job.begunCount += 1
            var state = prompt
            if job.begunCount == job.request.sampleCount {
                ready.removeFirst()
                job.state = nil
            } else {
                state = makeState(for: job)
                state.copy(from: prompt, count: job.request.prompt.count)
            }
            fresh.append(TextSample(job, number: number, state: state, vocabulary: vocabulary))
        }
        guard !fresh.isEmpty else { return }
        let start = ContinuousClock.now
        team.run(fresh.count) { item in
            let logits = fresh[item].job.logits
            fresh[item].draw(from: logits.span)
        }
        let end = ContinuousClock.now
        statistics.drawingSeconds += start.seconds(to: end)
        for sample in fresh where sample.number + 1 == sample.job.request.sampleCount {
            sample.job.logits = []
        }
        for sample in fresh where !sample.job.hasFirstToken {
            sample.job.hasFirstToken = true
            statistics.timeToFirstToken.add(sample.job.arrival.seconds(to: end))
        }
        samples += fresh
        settle(fresh, at: end)
    }

    /// Gives every text its next token.
    func step() {
        guard !samples.isEmpty else { return }
        let start = ContinuousClock.now
        for first in stride(from: 0, to: samples.count, by: pass.textCount) {
            let group = samples[first..<min(first + pass.textCount, samples.count)]
            group.forEach(makeRoom)
            pass.step(group.map(\.last), group.map(\.state))
            team.run(group.count) { item in
                pass.withLogits(ofText: item) { group[first + item].draw(from: $0) }
            }
            statistics.modelCallCount += 1
            statistics.busySlotSum += group.count
        }
        let end = ContinuousClock.now
        statistics.drawingSeconds += start.seconds(to: end)
        for sample in samples {
            statistics.timeBetweenTokens.add(sample.lastTime.seconds(to: end))
        }
        settle(samples, at: end)
    }

    /// Tells of the tokens that texts have drawn, and parts with those that have ended.
    private func settle(_ drawn: [TextSample], at time: ContinuousClock.Instant) {
        for sample in drawn where !sample.job.isOver {
            let job = sample.job
            sample.lastTime = time
            switch sample.tell(endings, { tell(job, $0) }) {
            case .notFinite:
                fail(job, .notFinite)
                continue
            case .goesOn: break
            case .ended(let reason):
                sample.hasEnded = true
                tell(job, .ended(sample: sample.number, reason: reason))
            }
            job.drawnCount += 1
            statistics.drawnTokenCount += 1
            guard sample.hasEnded else { continue }
            job.endedCount += 1
            if job.endedCount == job.request.sampleCount { finish(job) }
        }
        samples.removeAll(where: \.hasEnded)
        removeJobsThatAreOver()
        flush()
    }

    /// Gives a text whose state is full a larger one.
    private func makeRoom(_ sample: TextSample) {
        let count = sample.state.count
        guard sample.state.capacity == count else { return }
        let state = pass.makeState(
            capacity: min(sample.job.mostRead, count + max(64, count / 2)))
        state.copy(from: sample.state, count: count)
        sample.state = state
    }
}
