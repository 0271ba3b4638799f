import Bytes
import Files
import Foundation
import Models

extension ModelShape {
    /// Parameters of all but the embeddings and the head, whose size is the vocabulary's affair.
    var nonEmbeddingParameterCount: Int {
        layout.tensors.filter { $0.role != .embedding && $0.role != .head }
            .reduce(0) { $0 + $1.count }
    }
}

/// Search for the width with which a model has as many parameters as another one.
struct WidthSearch {
    /// The widest network that is looked at.
    private static let greatest = 1 << 14

    private let shape: any ModelShape
    private let key: String
    private let object: [String: Any]

    /// A search among the shapes that differ from `shape` in `key` alone, such as "n_embd".
    init(_ shape: any ModelShape, key: String) throws {
        self.shape = shape
        self.key = key
        let text = try FileReplacement.json(of: ModelConfiguration(shape))
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
        self.object = object as? [String: Any] ?? [:]
    }

    /// Widths are multiples of it: of 8 floats and, where there are heads, of an even number for
    /// each, or of so many that all multiples can exist. Where a part of a head is turned, that
    /// part is even.
    var step: Int {
        let heads = 2 * (object["n_head"] as? Int ?? 1)
        var least = 8
        while least % heads != 0 { least += 8 }
        let factor = (1...8).first { factor in
            (1...4).allSatisfy { shape(width: $0 * factor * least) != nil }
        }
        return (factor ?? 1) * least
    }

    /// The shape of a width; nil for one that cannot exist.
    func shape(width: Int) -> (any ModelShape)? {
        var object = object
        object[key] = width
        guard let data = try? JSONSerialization.data(withJSONObject: object),
            let found = try? JSONDecoder().decode(ModelConfiguration.self, from: data)
        else { return nil }
        var shape = found.shape
        shape.vocabularySize = self.shape.vocabularySize
        return (try? shape.validate()) == nil ? nil : shape
    }

    /// The shape whose parameters without embeddings come nearest to `count`; nil if there is none
    /// within a tenth. O(log width) layouts.
    func shape(nearestTo count: Int) -> (any ModelShape)? {
        let step = step
        func parameters(_ steps: Int) -> Int {
            shape(width: steps * step)?.nonEmbeddingParameterCount ?? .max
        }
        // The least width that has at least so many.
        var (low, high) = (1, Self.greatest / step)
        while low < high {
            let middle = (low + high) / 2
            if parameters(middle) < count { low = middle + 1 } else { high = middle }
        }
        let candidates = [low - 1, low].filter { $0 > 0 }.compactMap { shape(width: $0 * step) }
        func distance(_ shape: any ModelShape) -> Int {
            abs(shape.nonEmbeddingParameterCount - count)
        }
        guard let best = candidates.min(by: { distance($0) < distance($1) }),
            distance(best) <= count / 10
        else { return nil }
        return best
    }
}
