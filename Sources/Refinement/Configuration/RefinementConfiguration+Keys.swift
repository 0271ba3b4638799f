public import Work

extension DocumentFilter: SettingSection {
    /// Every key of the filter.
    public static let settingKeys: [SettingKey<DocumentFilter>] = {
        let (count, share) = (ValueRange.whole(0...1 << 50), ValueRange.real(0...1))
        return [
            .number(
                CodingKeys.minimumByteCount, \.minimumByteCount, count, unit: "bytes",
                "The fewest bytes of a document that stays; null for any number.", example: 200,
                also: ["min_length", "min_chars"]),
            .number(
                CodingKeys.maximumByteCount, \.maximumByteCount, count, unit: "bytes",
                "The most bytes of a document that stays; null for any number.",
                example: 1_000_000, also: ["max_length", "max_chars"]),
            .number(
                CodingKeys.minimumWordCount, \.minimumWordCount, count, unit: "words",
                "The fewest words of a document that stays; null for any number.", example: 50),
            .number(
                CodingKeys.maximumWordCount, \.maximumWordCount, count, unit: "words",
                "The most words of a document that stays; null for any number.",
                example: 100_000),
            .number(
                CodingKeys.maximumRepeatedLineShare, \.maximumRepeatedLineShare, share,
                unit: "share of lines",
                """
                The largest share of lines that stood in the document before; null for any. \
                Blank lines do not count (Gopher takes 0.3).
                """, example: 0.3, also: ["repeated_lines"]),
            .number(
                CodingKeys.maximumRepeatedLineByteShare, \.maximumRepeatedLineByteShare, share,
                unit: "share of bytes",
                """
                The largest share that repeated lines have of the bytes of all lines; null for \
                any. Gopher takes 0.2.
                """, example: 0.2),
            .number(
                CodingKeys.maximumNonLetterShare, \.maximumNonLetterShare, share,
                unit: "share of bytes",
                """
                The largest share of ASCII bytes that are no letters; null for any. White space \
                does not count; bytes beyond ASCII count as letters.
                """, example: 0.4, also: ["non_letters"]),
        ]
    }()
}

extension NearDuplicateRule: SettingSection {
    private static let relevance = "remove_near_duplicates is true"

    /// Every key of the rule.
    public static let settingKeys: [SettingKey<NearDuplicateRule>] = [
        .number(
            CodingKeys.shingleWordCount, \.shingleWordCount, .whole(1...1_000), unit: "words",
            "Words in a shingle, the runs of words whose sets are compared.", when: relevance,
            also: ["shingle_size", "ngram"]),
        .number(
            CodingKeys.bandCount, \.bandCount, .whole(1...1_000), unit: "bands",
            """
            Bands of a MinHash signature. More of them compare more pairs, also less similar ones.
            """, when: relevance, also: ["bands", "num_bands"]),
        .number(
            CodingKeys.rowCount, \.rowCount, .whole(1...100), unit: "values",
            """
            Values in a band of a MinHash signature. More of them compare fewer pairs, those that \
            are more similar.
            """, when: relevance, also: ["rows", "num_rows"]),
        .number(
            CodingKeys.similarity, \.similarity, .real(0...1), unit: "share of values",
            """
            The least similarity (Jaccard, estimated) at which one of two documents goes. With 0 \
            that of a band is enough.
            """,
            when: relevance, also: ["similarity", "threshold", "jaccard"]),
        .number(
            CodingKeys.seed, \.seed, .seed, "Seed of the permutations of MinHash.",
            when: relevance),
    ]
}

extension RefinementConfiguration: SettingSection {
    /// Every key of the section, those of the filter and of the rule for near-duplicates included.
    public static let settingKeys: [SettingKey<RefinementConfiguration>] =
        DocumentFilter.settingKeys.map { $0.within(\.filter) } + [
            .value(
                CodingKeys.rules, \.rules,
                """
                Published rules of quality, by name. They are gopher-quality, gopher-repetition, \
                c4, fineweb, or single rules of these. NAME=LIMIT sets another limit, NAME=off \
                leaves one out.
                """, example: ["gopher-repetition", "gopher-quality", "gopher-min-words=30"],
                also: ["quality_rules", "quality_filters", "filters"]),
            .value(
                CodingKeys.evaluationPaths, \.evaluationPaths, isFilled: true,
                """
                Files of evaluation texts, a line each or JSON lines. Documents go that have words \
                in a row in common with one.
                """, example: ["eval/gsm8k.jsonl"], also: ["decontamination", "eval_files"]),
            .number(
                CodingKeys.evaluationWordCount, \.evaluationWordCount, .whole(1...1_000),
                unit: "words",
                "Words in a row by which a document is known to hold an evaluation text.",
                when: "decontaminate is set", also: ["ngram_size"]),
            .value(
                CodingKeys.otherPaths, \.otherPaths, isFilled: true,
                """
                Files and folders of other corpora. Documents go that are the same as one of \
                theirs, or nearly the same.
                """, example: ["clean/web"], also: ["reference_corpora", "seen"]),
            .value(
                CodingKeys.keptFields, \.keptFields, isFilled: true,
                """
                Fields of JSON that are kept in the lines of the result, as they stand beside the \
                text.
                """, example: ["id", "url"], also: ["keep", "metadata_fields"]),
            .value(
                CodingKeys.removesDuplicates, \.removesDuplicates,
                "Whether only the first of documents with the same bytes stays.",
                also: ["dedup", "deduplicate", "exact_dedup"]),
            .value(
                CodingKeys.removesNearDuplicates, \.removesNearDuplicates,
                "Whether only the first of documents that are nearly the same stays.",
                also: ["near_dedup", "fuzzy_dedup", "minhash"]),
        ] + NearDuplicateRule.settingKeys.map { $0.within(\.nearDuplicates) } + [
            .value(
                CodingKeys.shuffles, \.shuffles,
                "Whether the documents are put into an order that a seed chooses."),
            .number(
                CodingKeys.shuffleSeed, \.shuffleSeed, .seed, "Seed of the order of documents.",
                when: "shuffle is true"),
            .value(
                CodingKeys.partFormat, \.partFormat,
                """
                Form of the result's files. JSON lines in seekable zstd, or Parquet, with the text \
                and the place of each document as columns.
                """, also: ["output_format", "file_type"]),
            .number(
                CodingKeys.partByteCount, \.partByteCount, .whole(1...1 << 50), unit: "bytes",
                "Bytes of lines or rows in a file of the result. The last one may go beyond it.",
                also: ["file_bytes", "part_size"]),
            .number(
                CodingKeys.compressionLevel, \.compressionLevel, .whole(1...19),
                "Level of zstd with which the result is compressed. A higher one is smaller and "
                    + "slower.", also: ["level", "zstd_level"]),
            .number(
                CodingKeys.memory, \.memory, ByteSize.memoryRange, unit: "bytes",
                """
                Memory that refinement may take. What does not fit goes to scratch files; the \
                result is the same.
                """, also: ["max_memory", "memory_limit"]),
            .value(
                CodingKeys.scratchDirectory, \.scratchDirectory, isFilled: true,
                "Directory of scratch files; null for one beside the result.",
                example: "/tmp/scratch", also: ["tmp_dir", "temp_dir", "scratch"]),
        ]
}
