#if Server
    import Synchronization

    /// Whether the client of a connection is still there, for work that has no use without it.
    ///
    /// A client that has said all it will say (a half-closed connection) counts as gone: programs
    /// that leave look the same.
    final class ClientPresence: Sendable {
        /// The client of the connection whose request is being answered.
        @TaskLocal static var current: ClientPresence?

        private struct State {
            var isGone = false
            var nextNumber = 0
            var actions: [Int: @Sendable () -> Void] = [:]
        }

        private let state = Mutex(State())

        /// Calls `action` once when the client goes, at once if it has. The number that comes back
        /// is for ``forget(_:)``.
        func whenGone(_ action: @escaping @Sendable () -> Void) -> Int {
            let number = state.withLock { state -> Int? in
                guard !state.isGone else { return nil }
                state.nextNumber += 1
                state.actions[state.nextNumber] = action
                return state.nextNumber
            }
            if number == nil { action() }
            return number ?? 0
        }

        /// Forgets an action.
        func forget(_ number: Int) { state.withLock { $0.actions[number] = nil } }

        /// The client has gone.
        func leave() {
            let actions = state.withLock { state in
                defer {
                    state.isGone = true
                    state.actions = [:]
                }
                return Array(state.actions.values)
            }
            for action in actions { action() }
        }
    }
#endif
