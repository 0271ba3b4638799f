import Dispatch
import Foundation
import Training

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Turns the first Ctrl-C, or a polite request to end, into a request to stop at the next good place;
/// the second one ends the program at once.
///
/// Requests are heeded for as long as the handler lives.
final class InterruptHandler {
    let stop = StopSignal()
    private let sources: [any DispatchSourceSignal]

    init() {
        let stop = stop
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if stop.isRequested { _exit(130) }
                stop.request()
                Terminal.writeMessage(
                    "\nstopping after this step; once more to stop at once\n")
            }
            source.resume()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
        signal(SIGINT, SIG_DFL)
        signal(SIGTERM, SIG_DFL)
    }
}
