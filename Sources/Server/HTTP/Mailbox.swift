#if Server
    import Synchronization

    /// What one reader is told from any thread. Who reads gets all that has come since, so that a
    /// reader that is late catches up.
    final class Mailbox<Element: Sendable>: Sendable {
        private struct State {
            var elements: [Element] = []
            var isClosed = false
            var reader: CheckedContinuation<Void, Never>?
        }

        private let limit: Int
        private let state = Mutex(State())

        /// A box in which at most `limit` elements wait.
        init(limit: Int) { self.limit = limit }

        /// Puts `element` behind what there is, unless the box is closed.
        ///
        /// - Returns: whether there was room.
        @discardableResult func put(_ element: Element) -> Bool {
            wake { state in
                guard !state.isClosed else { return true }
                guard state.elements.count < limit else { return false }
                state.elements.append(element)
                return true
            }
        }

        /// Lets the reader come to the end when it has what there is.
        func close() {
            _ = wake { state in
                state.isClosed = true
                return true
            }
        }

        private func wake(_ change: (inout State) -> Bool) -> Bool {
            let (result, reader) = state.withLock { state in
                let result = change(&state)
                defer { state.reader = nil }
                return (result, state.reader)
            }
            reader?.resume()
            return result
        }

        /// All that has come, when there is something; nothing at the end, and in a task that is
        /// cancelled.
        func take() async -> [Element] {
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isReady = state.withLock { state in
                        if !state.elements.isEmpty || state.isClosed { return true }
                        state.reader = continuation
                        return false
                    }
                    if isReady { continuation.resume() }
                }
            } onCancel: {
                close()
            }
            return state.withLock { state in
                defer { state.elements = [] }
                return state.elements
            }
        }
    }
#endif
