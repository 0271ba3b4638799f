import Corpora
import Refinement
import TokenShards
import Training
public import Work

/// Key that an editor reads and nothing else.
private enum EditorKey: String {
    case schema = "$schema"
}

extension PipelineConfiguration: SettingSection {
    /// The keys of the whole: the name, the sections and the prompts.
    public static let settingKeys: [SettingKey<PipelineConfiguration>] = [
        .value(
            CodingKeys.name, \.name, isFilled: true,
            """
            Names the directories of what the run makes, such as runs/NAME. Another name keeps \
            two runs apart.
            """, example: "mine", also: ["run_name", "run", "experiment", "project"]),
        .other(
            CodingKeys.corpusSection, .section, "The texts, and how they are read.",
            also: ["data", "dataset", "train_data", "datasets"]),
        .other(
            CodingKeys.vocabulary, .section, "How the vocabulary is learned.",
            also: ["tokenizer", "vocab", "tokeniser"]),
        .other(
            CodingKeys.shards, .section, "How the tokens are packed into files.",
            also: ["encode", "encoding"]),
        .other(CodingKeys.model, .section, "The shape of the model.", also: ["network", "gpt"]),
        .other(
            CodingKeys.training, .section, "The recipe of training.",
            also: ["train", "trainer", "recipe"]),
        .other(
            CodingKeys.generation, .section, "How text is drawn from the model.",
            also: ["sampling", "generate", "inference", "generation_config"]),
        .value(
            CodingKeys.samples, \.samples,
            "Prompts of the samples that are drawn at the end of a run.",
            example: ["In the beginning"], also: ["prompts", "prompt", "sample_prompts"]),
        .other(
            CodingKeys.instructionTuning, .section,
            "Instruction tuning, by which the model learns to answer; none without inputs.",
            also: ["tuning", "sft", "finetune", "finetuning", "fine_tuning", "chat"]),
        .other(
            EditorKey.schema, .text, isOptional: true,
            "The JSON Schema by which editors complete and check the file. A run passes it over.",
            example: "./pipeline.schema.json", also: ["schema"]
        ) { _ in .null },
    ]
}

extension CorpusSection: SettingSection {
    static let settingKeys: [SettingKey<CorpusSection>] =
        CorpusConfiguration.settingKeys.map { $0.within(\.reading) } + [
            .other(
                CodingKeys.refinement, .section, isOptional: true,
                """
                Which texts are left out first, and the order of the rest; null to take them as \
                they are.
                """, also: ["filter", "clean", "cleaning", "refinement"]
            ) { $0.refinement == nil ? .null : .emptyObject },
            .other(
                CodingKeys.sources, .sections,
                """
                Several corpora to learn from in proportion to their weights, in place of inputs. \
                Keys beside the list hold for every source that does not say otherwise.
                """, also: ["mixture", "mix", "datasets"]
            ) { _ in [] },
        ]
}

extension CorpusSource: SettingSection {
    /// The weight, which is also checked by itself.
    static let weightKey: SettingKey<CorpusSource> = .number(
        CodingKeys.weight, \.weight, Mixture.weightRange,
        """
        The source's share of what is learned from, in proportion to the weights of the others. \
        The vocabulary is learned from all, whatever they weigh.
        """, example: 0.3, also: ["share", "proportion", "probability", "ratio"])

    /// Every key of a source.
    public static let settingKeys: [SettingKey<CorpusSource>] =
        [
            .value(
                CodingKeys.name, \.name, isFilled: true,
                "Name of the source in reports, and of the directories that are made of it.",
                example: "web"),
            weightKey,
        ] + CorpusConfiguration.settingKeys.map { $0.within(\.corpus) } + [
            .other(
                CodingKeys.refinement, .section, isOptional: true,
                """
                Which of its texts are left out first, and the order of the rest; null for all.
                """, also: ["filter", "clean", "cleaning", "refinement"]
            ) { $0.refinement == nil ? .null : .emptyObject }
        ]
}

extension InstructionTuningConfiguration: SettingSection {
    /// Every key of the section, those of training included that it has.
    public static let settingKeys: [SettingKey<InstructionTuningConfiguration>] =
        ownKeys
        + TrainingConfiguration.settingKeys.filter { !packingKeys.contains($0.name) }
        .map { $0.name == packingKey.name ? packingKey : $0.within(\.training) }

    /// The packing, of which there is one for conversations.
    private static let packingKey: SettingKey<InstructionTuningConfiguration> = .value(
        TrainingConfiguration.CodingKeys.packing, \.training.packing,
        of: [Packing.bestFit.rawValue],
        """
        How conversations are laid into windows. Each is whole, and they are sorted so that little \
        room is left.
        """, also: ["pack"])

    /// Keys of training that say how windows are cut, which conversations decide.
    private static let packingKeys = [
        TrainingConfiguration.CodingKeys.stride, .evaluationStride, .shifting, .carrying,
        .tasks, .evaluateTasksEvery,
    ].map(\.rawValue)

    private static let ownKeys: [SettingKey<InstructionTuningConfiguration>] = [
        .value(
            CodingKeys.inputs, \.inputs, isFilled: true,
            """
            Files, folders and patterns of conversations; none for no tuning. They are JSON lines \
            or, in a file that is named .json, an array.
            """,
            example: ["corpora/kjv-chat.jsonl.zst"], also: ["conversations", "files", "data"]),
        .value(
            CodingKeys.onError, \.onError,
            "Treatment of a line that is no conversation: fail, skip, or keep it in a quarantine."),
        .number(
            CodingKeys.validationFraction, \.validationFraction, .real(0...0.99),
            unit: "share of conversations",
            "The share of conversations that is held out to evaluate.",
            also: ["val_fraction", "validation_split", "val_split"]),
        .number(
            CodingKeys.epochs, \.epochs, .above(0, upTo: 1e6), unit: "epochs",
            "Times that each conversation is learned from; null for as many as steps takes.",
            example: 2, also: ["num_epochs"]),
        .value(
            CodingKeys.questions, \.questions, "Questions for the model at the end of a run.",
            example: ["Which book comes after Genesis?"]),
    ]
}
