import Bytes
public import Foundation
import Tokenization

extension Playground {
    /// The windows that training would cut out of a text: `{"model", "text", "length", "stride"}`.
    ///
    /// The answer has the tokens, and for each full window its first token and its targets: the
    /// token behind each that it reads. Windows begin `stride` tokens apart, as those of shards.
    ///
    /// - Parameter body: the request.
    /// - Throws: ``PlaygroundError`` for a request that is no such object, an unknown model, a text
    ///   of more than 16 KiB, or windows of more than 131,072 targets together.
    public func windows(_ body: Data) throws(PlaygroundError) -> Data {
        let request = try PlaygroundRequest(body, keys: ["model", "text", "length", "stride"])
        let shown = try model(try request.text("model", byteLimit: 1 << 12), parameter: "model")
        let text = try request.text("text", byteLimit: Limit.textByteCount)
        let length = try request.number("length", in: 1...Limit.windowLength)
        let stride = try request.number("stride", in: 1...Limit.windowLength)
        let ids = try shown.tokenizer.ids(of: text, parameter: "text")
        // The last target is a token that is not read.
        let room = ids.count - length - 1
        let count = room >= 0 ? room / stride + 1 : 0
        guard count * length <= Limit.predictionCount else {
            throw PlaygroundError(
                "these are \(count) windows of \(length) tokens; give a longer stride",
                parameter: "stride")
        }
        return .answer { json in
            json.string("model", shown.name)
            shown.tokenizer.append(ids, to: &json)
            json.array("windows") { json in
                for first in Swift.stride(from: 0, to: count * stride, by: stride) {
                    let targets = ids[first + 1...first + length]
                    let list = targets.map { "\($0)" }.joined(separator: ",")
                    json.value(nil, #"{"first":\#(first),"targets":[\#(list)]}"#)
                }
            }
        }
    }
}
