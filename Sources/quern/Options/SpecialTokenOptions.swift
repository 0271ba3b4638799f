import ArgumentParser
import Tokenization

/// Which special tokens are recognised where text becomes ids.
struct SpecialTokenOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Which special tokens are recognised in the text: all, none, or names with commas \
            between. What is not recognised is ordinary text.
            """, valueName: "all|none|list"))
    var allowSpecial = SpecialTokenPolicy.none

    /// The policy, if the vocabulary has all that it names.
    func policy(for vocabulary: Vocabulary) throws -> SpecialTokenPolicy {
        try allowSpecial.validate(for: vocabulary)
        return allowSpecial
    }
}
