import Models
public import Work

extension ComparisonConfiguration: SettingSection {
    /// The keys beside those of a pipeline.
    enum CodingKeys: String, CaseIterable {
        case rule, minutes, windows, models
    }

    /// The keys beside those of a pipeline.
    public static let settingKeys: [SettingKey<ComparisonConfiguration>] = [
        .value(
            CodingKeys.rule, \.rule,
            """
            What the models have in common: parameters, operations of training, or minutes of \
            it. The first network says how many; of the others the width or the \
            steps are found.
            """, when: "there is a list models", example: "operations",
            also: ["compare_by", "budget"]),
        .number(
            CodingKeys.minutes, \.minutes, .above(0, upTo: 1e6), unit: "minutes",
            "Minutes that each network of a comparison trains.", when: "rule is minutes",
            also: ["time"]),
        .number(
            CodingKeys.windows, \.windowLimit, .whole(1...1 << 30), unit: "windows",
            "Windows that are read for the curve of losses of each model.",
            when: "there is a list models"),
        .other(
            CodingKeys.models, .sections, isFilled: true,
            """
            The models of a comparison. With this list the file is one; what stands in the \
            sections model and training beside it holds for each that does not say otherwise, and \
            that has such a key.
            """
        ) { _ in .null },
    ]

    /// Key of an element of the list of models.
    private enum EntryKey: String {
        case name, model, training, order
    }

    /// The keys of an element of the list of models.
    static let entryKeys: [SettingDescription] = {
        let keys: [SettingKey<Void>] = [
            .other(
                EntryKey.name, .text, isFilled: true,
                "Name of the model in tables, and of its directory.",
                example: "decoder"
            ) { _ in .null },
            .other(EntryKey.model, .section, "The shape of this model, over what all share."),
            .other(
                EntryKey.training, .section,
                "The recipe of this model's training, over what all share."),
        ]
        return keys.map { $0.description(in: ()) }
    }()

    /// The key of n-grams alone.
    static let orderKey = SettingKey<Void>.other(
        EntryKey.order, .number(.whole(NGramCounter.orders)),
        "Tokens of the longest n-grams that are counted.",
        when: "architecture is \(countedArchitecture)", example: 3, also: ["n", "ngram_order"]
    ) { _ in defaultOrder.literal }.description(in: ())
}

extension ComparisonConfiguration.Rule: SettingChoice {}
