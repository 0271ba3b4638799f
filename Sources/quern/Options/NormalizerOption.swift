import ArgumentParser

/// What happens to a normalizer that Quern does not compute.
struct NormalizerOption: ParsableArguments {
    @Flag(
        name: .long,
        help: """
            Leave out a normalizer that is a Unicode normal form, such as NFC. Text that is in this \
            form already keeps its ids; other text gets the ids of the text as it is.
            """)
    var ignoreNormalizer = false
}
