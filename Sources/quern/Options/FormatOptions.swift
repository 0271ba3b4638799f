import ArgumentParser
import Models

/// The numbers that a model is kept in while it draws text.
struct FormatOptions: ParsableArguments {
    @Option(
        name: .long,
        help: """
            Numbers to keep the model's matrices in: float32, float16, bfloat16, int8 or q4_0. \
            Fewer bits are quicker, and may choose other words.
            """)
    var weights = WeightFormat.float32

    @Option(
        name: .long,
        help: """
            Numbers to keep what is known of a text in: float32 or float16. Half the bytes are \
            quicker in long texts, and may choose other words.
            """)
    var cacheType = CacheFormat.float32
}
