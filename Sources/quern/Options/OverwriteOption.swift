import ArgumentParser
import Files

/// Permission to replace what is there, for commands whose output is not to be lost by a slip.
///
/// Without it a file gives way only to one of its own kind, and a vocabulary only to itself.
struct OverwriteOption: ParsableArguments {
    @Flag(
        name: .long,
        help: """
            Replace what lies at the output: also a file of another kind, another vocabulary, or \
            an earlier directory of the same kind.
            """)
    var overwrite = false

    /// Claims the place of a drawing.
    func claimDrawing(_ path: String) throws(FileError) -> OutputClaim {
        try OutputClaim(path, .replaced, making: .file(.svg, overwrites: overwrite))
    }

    /// Throws if a file at `path` is of another kind and stays.
    func check(_ path: String, _ kind: FileKind) throws(FileError) {
        if !overwrite { try kind.check(path) }
    }
}
