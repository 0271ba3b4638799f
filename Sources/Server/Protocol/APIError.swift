import Bytes
import Tokenization

/// Refusal of a request, in the form of OpenAI's API: a status and
/// `{"error": {"message", "type", "param", "code"}}`.
///
/// Source of the types: the reference of OpenAI's API and the server of llama.cpp.
struct APIError: Error, Equatable, Sendable {
    /// Kind of an error.
    enum Kind: String, CaseIterable, Sendable {
        case invalidRequest = "invalid_request_error"
        case authentication = "authentication_error"
        case notFound = "not_found_error"
        case exceededContext = "exceed_context_size_error"
        case rateLimit = "rate_limit_error"
        case server = "server_error"
        case unavailable = "unavailable_error"
    }

    /// Status of HTTP.
    var status: Int
    var kind: Kind
    /// Sentence for a person, which names the field.
    var message: String
    /// Field of the request that is at fault; nil for none.
    var parameter: String?
    /// Word for a program; nil for none.
    var code: String?
    /// Seconds after which the same request may be taken; nil where waiting is no use.
    var retryAfterSeconds: Int?
    /// Whether the connection ends with the answer.
    var closesConnection = false

    /// A field that cannot be taken as it is.
    static func badField(_ name: String, _ reason: String, code: String? = nil) -> APIError {
        APIError(
            status: 400, kind: .invalidRequest, message: "\(name): \(reason)", parameter: name,
            code: code)
    }

    /// What `encode` makes of a text, unless that has a byte that no token stands for.
    static func refusing<Result>(
        _ encode: () throws(TokenizationError) -> Result
    ) throws(APIError) -> Result {
        do throws(TokenizationError) {
            return try encode()
        } catch {
            throw .badRequest("\(error)")
        }
    }

    /// A request that cannot be taken as it is.
    static func badRequest(
        _ message: String, status: Int = 400, parameter: String? = nil, code: String? = nil
    ) -> APIError {
        APIError(
            status: status, kind: .invalidRequest, message: message, parameter: parameter,
            code: code)
    }

    /// The server cannot take the request now, and may after some seconds.
    static func unavailable(_ message: String, retryAfterSeconds: Int) -> APIError {
        APIError(
            status: 503, kind: .unavailable, message: message,
            retryAfterSeconds: retryAfterSeconds)
    }

    /// No model has been loaded yet.
    static let loading = APIError(
        status: 503, kind: .unavailable, message: "Loading model", code: "503",
        retryAfterSeconds: 1)

    /// A request of which the server is the cause that it came to nothing.
    static func serverFault(_ message: String) -> APIError {
        APIError(status: 500, kind: .server, message: message)
    }

    /// The answer's body.
    var json: [UInt8] {
        var text = JSONText(isCompact: true)
        text.object { write(into: &$0) }
        return text.bytes
    }

    /// Writes the member `error`.
    func write(into json: inout JSONText) {
        json.object("error") { json in
            json.string("message", message)
            json.string("type", kind.rawValue)
            json.text("param", parameter)
            // Programs that wait for a server to come up know a number here.
            if self.kind == .unavailable {
                json.whole("code", status)
            } else {
                json.text("code", code)
            }
        }
    }
}

extension JSONText {
    /// Appends a whole number.
    mutating func whole(_ key: String? = nil, _ number: Int) { value(key, String(number)) }

    /// Appends a string, or null.
    mutating func text(_ key: String? = nil, _ text: String?) {
        if let text { string(key, text) } else { value(key, "null") }
    }

    /// Appends true or false.
    mutating func flag(_ key: String? = nil, _ flag: Bool) { value(key, flag ? "true" : "false") }

    /// Appends a number by its shortest spelling that reads back as the same; null for one that
    /// JSON has no spelling for.
    mutating func real(_ key: String? = nil, _ number: Double) {
        value(key, number.isFinite ? "\(number)" : "null")
    }

    /// Appends a number rounded to thousandths.
    mutating func rounded(_ key: String, _ number: Double) {
        real(key, (number * 1000).rounded() / 1000)
    }
}
