import Bytes
import Files
internal import Foundation

/// Files that Quern itself writes: where a pipeline ran beside its texts, they are none.
package enum OwnFiles {
    /// Whether the files of a folder, of these names, are a vocabulary, a model, a data set, a run
    /// or a refined corpus's report.
    static func isResult(_ names: Set<String>) -> Bool {
        names.contains("tokenizer.json")
            || names.contains("manifest.json") && names.contains { $0.hasSuffix(".bin") }
            || names.contains("checkpoints")
            || names.contains("stages.json") && names.contains("metrics.jsonl")
    }

    /// Whether the file of JSON at `path` describes a pipeline or a comparison: a small object with
    /// the key "corpus" and in it the inputs. O(bytes), of a file that is called as one.
    package static func isDescription(_ path: String) -> Bool {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard name.hasSuffix(".json"), names.contains(where: name.contains),
            let data = try? Data(contentsOf: URL(fileURLWithPath: path)),
            data.count <= mostByteCount,
            let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
            let corpus = object["corpus"] as? [String: Any]
        else { return false }
        return corpus["inputs"] != nil || corpus["inputs_from"] != nil || corpus["sources"] != nil
    }

    /// Words in the names of descriptions.
    private static let names = ["pipeline", "comparison"]
    /// Bytes that no description has.
    private static let mostByteCount = 1 << 20
}
