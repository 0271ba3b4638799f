import Pipeline
import Work

extension Reader {
    /// Readers of what people write: descriptions of runs, settings, sizes.
    static let settings: [Reader] = [
        .file("pipeline", "settings", "pipeline.json") { folder in
            _ = try PipelineConfiguration(path: folder + "/pipeline.json")
        },
        .file("comparison", "settings", "comparison.json") { folder in
            _ = try ComparisonConfiguration(path: folder + "/comparison.json")
        },
        .bytes("setting", "strings") { bytes in
            _ = try PipelineConfiguration(
                path: nil, settings: [String(decoding: bytes, as: UTF8.self)])
        },
        .bytes("size", "strings") { bytes in
            guard let size = ByteSize(String(decoding: bytes, as: UTF8.self)) else { return }
            precondition(size.byteCount >= 0 && ByteSize("\(size)") == size)
        },
    ]
}
