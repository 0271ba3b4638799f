#if Server
    import Synchronization

    /// Draws the texts of an answer: hands its prompts to the engine, a few at a time, and says in
    /// one sequence what comes of them.
    final class TextDrawing: Sendable {
        /// What happens to the texts.
        enum Signal: Sendable {
            /// An event of the prompt with the number.
            case event(Int, TextEvent)
            /// Nothing; the time between two of these has gone by.
            case tick
            /// The client has gone.
            case gone
        }

        /// Pace of an answer that goes out piece by piece.
        struct Pace: Sendable {
            /// Seconds between two ticks.
            let tickSeconds: Double
            /// The most events that wait for their reader, behind which the texts end early.
            let unreadCount: Int
        }

        /// Prompts that the engine has taken.
        private struct Progress {
            var works: [SubmittedText] = []
            /// Prompts of those whose texts have not ended.
            var openCount = 0
            var isCancelled = false
        }

        private let parts: [PreparedAnswer.Part]
        private let engine: TextEngine
        private let mailbox: Mailbox<Signal>
        private let progress = Mutex(Progress())
        private let ticks: Task<Void, Never>?
        private let presence = ClientPresence.current
        private let action: Int?

        /// Draws the texts of `parts` with `engine`.
        ///
        /// - Parameter pace: nil for a reader that takes every event at once, and needs no ticks.
        /// - Throws: a refusal of the first prompt.
        init(
            _ parts: [PreparedAnswer.Part], with engine: TextEngine, pace: Pace?
        ) throws(EngineRefusal) {
            self.parts = parts
            self.engine = engine
            let mailbox = Mailbox<Signal>(limit: pace?.unreadCount ?? .max)
            self.mailbox = mailbox
            ticks = pace.map { pace in
                Task {
                    while (try? await Task.sleep(for: .seconds(pace.tickSeconds))) != nil {
                        mailbox.put(.tick)
                    }
                }
            }
            action = presence?.whenGone {
                mailbox.put(.gone)
                mailbox.close()
            }
            try submit()
        }

        deinit { cancel() }

        /// Ends the work, whatever is left of it.
        func cancel() {
            if let action { presence?.forget(action) }
            ticks?.cancel()
            let works = progress.withLock { progress in
                defer { progress = Progress(isCancelled: true) }
                return progress.works
            }
            for work in works { work.cancel() }
            mailbox.close()
        }

        /// What has happened since the last call, when there is something; nil behind the end of
        /// the last text.
        ///
        /// - Throws: a refusal of a prompt behind the first.
        func next() async throws(APIError) -> [Signal]? {
            while true {
                do throws(EngineRefusal) { try submit() } catch { throw APIError(error) }
                let (waits, isAtEnd) = progress.withLock { progress in
                    (
                        progress.openCount > 0 || progress.isCancelled,
                        progress.works.count == parts.count
                    )
                }
                if waits { break }
                guard !isAtEnd, !Task.isCancelled else { return nil }
                // What is behind the first waits for its place in the queue.
                try? await Task.sleep(for: .milliseconds(50))
            }
            let signals = await mailbox.take()
            let endedCount = signals.count {
                if case .event(_, let event) = $0 { event.isLast } else { false }
            }
            progress.withLock { progress in
                if !progress.isCancelled { progress.openCount -= endedCount }
            }
            return signals.isEmpty ? nil : signals
        }

        /// Hands over the next prompts while there are places for them.
        private func submit() throws(EngineRefusal) {
            while true {
                let next = progress.withLock { progress -> Int? in
                    let hasPlace =
                        progress.openCount < engine.options.slotCount && !progress.isCancelled
                    return hasPlace && progress.works.count < parts.count
                        ? progress.works.count : nil
                }
                guard let next else { return }
                let work: SubmittedText
                do throws(EngineRefusal) {
                    work = try engine.submit(parts[next].request) { [mailbox, weak self] event in
                        // Who reads so slowly gets what waits, and no end.
                        if !mailbox.put(.event(next, event)) { self?.cancel() }
                    }
                } catch {
                    guard case .queueIsFull = error, next > 0 else { throw error }
                    return
                }
                progress.withLock { progress in
                    progress.works.append(work)
                    progress.openCount += 1
                }
            }
        }
    }
#endif
