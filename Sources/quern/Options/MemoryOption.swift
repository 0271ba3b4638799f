import ArgumentParser
import Work

/// How much memory learning a vocabulary may take.
struct MemoryOption: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            The memory to use, such as 512MB or 4GiB. Counts that need more go to the disk; the result \
            is the same. (default: three quarters of the machine's)
            """, valueName: "size"))
    var memory: ByteSize?
}
