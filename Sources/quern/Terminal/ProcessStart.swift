#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Preparations for what the program's surroundings may lack, and for signals that would end it in
/// the middle of a sentence.
enum ProcessStart {
    /// Exit code after a mapped file could not be read, `EX_IOERR` of `sysexits.h`.
    private static let unreadableFileCode: Int32 = 74

    /// Fewest columns that a help text is laid out for: the labels of options take 26 of them, and
    /// the parser stops where nothing is left.
    private static let fewestColumns = 40

    /// Prepares the process. Nothing may be opened before.
    ///
    /// - Returns: what is missing for any work, as a sentence; nil if nothing is.
    static func prepare() -> String? {
        openStandardDescriptors()
        // A write to a pipe without a reader then fails, and the writer decides what that means.
        signal(SIGPIPE, SIG_IGN)
        reportUnreadableFiles()
        if Terminal.resultColumns < fewestColumns {
            unsafe setenv("COLUMNS", "\(fewestColumns)", 1)
        }
        // Swift reads them from there on Linux, and finds none otherwise.
        guard CommandLine.argc > 0 else {
            return "the arguments cannot be read, for /proc is not there: "
                + "`mount -t proc proc /proc` brings it"
        }
        return nil
    }

    /// Opens `/dev/null` at those of the descriptors 0 to 2 that are closed: a file would take
    /// their number otherwise, and messages would be written into it.
    ///
    /// Input is opened for writing and output for reading, so that their use fails as before.
    /// Messages are for nobody. Source: `stdopen` of gnulib, <https://www.gnu.org/software/gnulib>.
    private static func openStandardDescriptors() {
        let modes = [O_WRONLY, O_RDONLY, O_WRONLY]
        for (descriptor, mode) in modes.enumerated()
        where fcntl(Int32(descriptor), F_GETFD) < 0 && errno == EBADF {
            // The lowest number is free. A directory takes it where there are no devices.
            if unsafe open("/dev/null", mode) < 0 { _ = unsafe open("/", O_RDONLY) }
        }
    }

    /// Lets the program end with a sentence and an exit code of its own when a page of a mapped
    /// file is not there any more.
    private static func reportUnreadableFiles() {
        signal(SIGBUS) { _ in
            // Only calls that are allowed in a handler, and no memory.
            let text: StaticString = """
                Error: a file that was being read was made shorter by another program, or its disk \
                failed

                """
            if isatty(STDERR_FILENO) == 1 { unsafe _ = write(STDERR_FILENO, "\n", 1) }
            unsafe _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
            _exit(ProcessStart.unreadableFileCode)
        }
    }
}
