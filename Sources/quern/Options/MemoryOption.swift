import ArgumentParser
import Storage

/// How much memory learning a vocabulary may take.
struct MemoryOption: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            The memory to use, such as 512M or 4G. Counts that need more go to the disk; the result \
            is the same. (default: three quarters of the machine's)
            """, valueName: "size"))
    var memory: MemoryLimit?
}
