public import Work

extension CorpusFormat: SettingChoice {}
extension CorpusErrorPolicy: SettingChoice {}
extension InvalidUTF8Policy: SettingChoice {}
extension TableQuotes: SettingChoice {}
extension DocumentDivision: SettingChoice {}

extension CorpusConfiguration: SettingSection {
    /// Every key of the section.
    public static let settingKeys: [SettingKey<CorpusConfiguration>] = [
        .value(
            CodingKeys.inputs, \.inputs, isFilled: true,
            """
            Files, folders, patterns, and "-" for standard input. Paths are counted from the \
            current directory, wherever the description lies. A folder stands for the files below \
            it whose names tell a format; all are read sorted by name, each once.
            """, example: ["corpora/kjv.txt.zst"],
            also: [
                "files", "file", "paths", "path", "input_files", "train_files", "data_path",
                "dataset",
            ]),
        .value(
            CodingKeys.inputsFrom, \.inputsFrom, isFilled: true,
            "A file that names more inputs, one a line.",
            example: "inputs.list", also: ["file_list", "manifest"]),
        .value(
            CodingKeys.format, \.format,
            "Format of the files. With auto their names tell it, as .jsonl or .csv.zst do.",
            also: ["file_format", "data_format"]),
        .value(
            CodingKeys.textField, \.textField,
            """
            The key of JSON, or the column of a table or of Parquet, that holds the text. Dots \
            lead into objects, as in meta.body.text.
            """, when: "the format is JSON, a table or Parquet", example: "content",
            also: ["field", "column", "text_column", "text_key", "content_field"]),
        .value(
            CodingKeys.sourceField, \.sourceField,
            "The key or column of a pair's source, dots leading into objects; null for "
                + "\"source\".",
            when: "model.architecture is encoder_decoder", example: "question",
            also: ["source_column", "source_key"]),
        .value(
            CodingKeys.targetField, \.targetField,
            "The key or column of a pair's target, as translation.en; null for \"target\".",
            when: "model.architecture is encoder_decoder", example: "answer",
            also: ["target_column", "target_key"]),
        .value(
            CodingKeys.quotes, \.quotes,
            """
            How fields of tables are quoted. By double a field may stand in quotes, in which two \
            stand for one; by none they are characters like any other; null for double in CSV and \
            none in TSV.
            """, when: "the format is csv or tsv", example: "none",
            also: ["quoting", "quotechar", "quote"]),
        .value(
            CodingKeys.documents, \.documents,
            """
            Division of a text file into documents. The whole file is one, each line is one, or \
            the lines up to an empty one are.
            """, when: "the format is text and text_separator is not given", example: "line",
            also: ["document", "split_documents", "split_by"]),
        .value(
            CodingKeys.textSeparator, \.textSeparator, isFilled: true,
            "The bytes between two documents of a text file; null for none.",
            when: "the format is text", example: "\n\n\n",
            also: ["separator", "delimiter", "document_separator"]),
        .value(
            CodingKeys.invalidUTF8, \.invalidUTF8,
            """
            Treatment of bytes that are not UTF-8. They stay as they are, U+FFFD stands for them, \
            or the document counts as one that cannot be read.
            """, also: ["encoding_errors", "errors", "utf8"]),
        .value(
            CodingKeys.longWindow, \.longWindow,
            "Whether zstd data may ask for windows above 128 MiB. They are of up to 2 GiB.",
            when: "an input was compressed with a window that is so long", also: ["long"]),
        .value(
            CodingKeys.onError, \.onError,
            """
            Treatment of a line or document that cannot be read. The run fails, skips it and \
            counts it, or keeps it in a quarantine.
            """, also: ["on_bad_line", "error_policy"]),
        .number(
            CodingKeys.validationFraction, \.validationFraction, .real(0...1),
            unit: "share of documents", "The share of documents that is held out to evaluate.",
            example: 0.01,
            also: [
                "val_fraction", "validation", "validation_split", "val_split", "test_size",
                "eval_fraction", "validation_share",
            ]),
        .number(
            CodingKeys.maximumDocumentByteCount, \.maximumDocumentByteCount, .whole(1...1 << 40),
            unit: "bytes",
            "The largest document. In JSON lines it is the largest line; a larger one cannot be "
                + "read.", also: ["max_document_size", "max_line_bytes"]),
    ]
}
