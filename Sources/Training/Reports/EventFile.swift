import Bytes
import Files
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// `events.out.tfevents.…`: the figures of a run as TensorBoard reads them.
///
/// A file of records, each an `Event` of Protocol Buffers between its length and two checksums.
/// Each start of a run writes a file of its own; a resumed one says from which step on it goes, and
/// TensorBoard forgets what an earlier file has from there on. Source:
/// <https://github.com/tensorflow/tensorboard>, `record_writer.py` and the messages `event.proto`,
/// `summary.proto` and `tensor.proto`.
public struct EventFile: ~Copyable {
    /// Prefix of the names of all such files.
    static let namePrefix = "events.out.tfevents."

    private let handle: FileHandle
    private let path: String
    /// The time that the clock shows, in seconds since 1970.
    private let clock: () -> Double
    /// No event has an earlier time than the files before, whatever the clock shows.
    private let earliestTime: Double

    /// Fields of the messages.
    private enum Field {
        enum Event {
            static let (wallTime, step, fileVersion): (UInt64, UInt64, UInt64) = (1, 2, 3)
            static let (summary, sessionLog): (UInt64, UInt64) = (5, 7)
        }
        enum SessionLog { static let status: UInt64 = 1 }
        enum Summary { static let value: UInt64 = 1 }
        enum Value {
            static let (tag, simpleValue): (UInt64, UInt64) = (1, 2)
            static let (tensor, metadata): (UInt64, UInt64) = (8, 9)
        }
        enum Metadata { static let pluginData: UInt64 = 1 }
        enum PluginData { static let pluginName: UInt64 = 1 }
        enum Tensor {
            static let (type, shape, strings): (UInt64, UInt64, UInt64) = (1, 2, 8)
        }
        enum Shape { static let dimension: UInt64 = 2 }
        enum Dimension { static let size: UInt64 = 1 }
    }

    /// Begins a file in `directory` for a run that goes on after `completedSteps` steps; one that
    /// begins removes the files of an earlier run.
    ///
    /// TensorBoard reads files in the order of the seconds in their names. A file that goes on has
    /// more of them than all before, also when the clock was set back.
    ///
    /// - Parameter clock: gives the seconds since 1970.
    init(
        directory: String, completedSteps: Int,
        clock: @escaping () -> Double = { Date().timeIntervalSince1970 }
    ) throws {
        let earlier = try Self.files(in: directory)
        if completedSteps == 0 {
            for file in earlier { try FileSystem.removeItem(file) }
        }
        let newest = completedSteps == 0 ? nil : earlier.compactMap(Self.seconds).max()
        let earliestTime = completedSteps == 0 ? 0 : earlier.last.map(Self.lastTime) ?? 0
        let seconds = max(Int(clock()), (newest ?? -1) + 1)
        let process = ProcessInfo.processInfo
        let stem = "\(directory)/\(Self.namePrefix)\(seconds).\(Self.hostName)."
        // A run that begins anew within the second, by the same process, has a number of its own.
        var (number, path) = (0, "")
        repeat {
            path = stem + "\(process.processIdentifier).\(number)"
            number += 1
        } while FileManager.default.fileExists(atPath: path)
        var version = ProtobufMessage()
        version.append(Field.Event.fileVersion, text: "brain.Event:2")
        let start = max(clock(), earliestTime)
        var bytes = Self.record(of: version, at: start)
        if completedSteps > 0 {
            var (session, event) = (ProtobufMessage(), ProtobufMessage())
            session.append(Field.SessionLog.status, integer: 1)
            event.append(Field.Event.step, integer: completedSteps + 1)
            event.append(Field.Event.sessionLog, message: session)
            bytes += Self.record(of: event, at: start)
        }
        let handle = try FileError.naming("create", path) {
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let opened = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try opened.seekToEnd()
            return opened
        }
        self.handle = handle
        self.path = path
        self.clock = clock
        self.earliestTime = earliestTime
    }

    deinit { try? handle.close() }

    /// The files of the run in `directory`, the oldest first.
    public static func files(in directory: String) throws -> [String] {
        try FileSystem.namesInDirectory(directory).filter { $0.hasPrefix(namePrefix) }
            .map { directory + "/" + $0 }
    }

    /// Times before the year 5000: others are no times of a run.
    private static let times = 0..<1e11

    /// The seconds in the name of a file; nil for a name without.
    private static func seconds(_ path: String) -> Int? {
        guard let place = path.range(of: namePrefix, options: .backwards) else { return nil }
        let number = Int(path[place.upperBound...].prefix { $0.isASCII && $0.isNumber })
        return number.flatMap { times.contains(Double($0)) ? $0 : nil }
    }

    /// The latest time in the file at `path`, up to where it is damaged. O(events).
    private static func lastTime(_ path: String) -> Double {
        guard let file = try? MappedFile(path: path) else { return 0 }
        return file.withBytes { bytes in
            var (place, latest) = (0, 0.0)
            func number(_ offset: Int) -> UInt64 {
                UInt64(
                    littleEndian: unsafe bytes.unsafeLoadUnaligned(
                        fromByteOffset: place + offset, as: UInt64.self))
            }
            // The length, its check, the data, which begin with the time, and their check.
            while bytes.byteCount - place >= 8 + 4 + 9 + 4,
                let length = Int(exactly: number(0)), length >= 9,
                length <= bytes.byteCount - place - 16
            {
                let time = Double(bitPattern: number(8 + 4 + 1))
                if times.contains(time) { latest = max(latest, time) }
                place += 16 + length
            }
            return latest
        }
    }

    /// The machine's name, without asking any other machine about it.
    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        let bytes = name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        return String(decoding: bytes, as: UTF8.self).replacing("/", with: "-")
    }

    /// Writes the figures of `event`, if it has any.
    func append(_ event: TrainingEvent) throws {
        switch event {
        case .step(let report), .skipped(let report, _, _):
            try append(
                step: report.step,
                [
                    ("training/loss", report.loss),
                    ("training/learning_rate", report.learningRate),
                    ("training/gradient_norm", report.gradientNorm),
                    ("training/tokens_per_second", report.tokensPerSecond),
                    ("training/matrix_peak_share", report.matrixPeakShare),
                ].map(Self.scalar))
        case .evaluated(let step, let result, let sources):
            try append(
                step: step,
                Self.scalars("validation", result)
                    + sources.flatMap { Self.scalars("validation/\($0.name)", $0.result) })
        case .scoredTasks(let step, let scores):
            try append(step: step, scores.flatMap(\.namedFigures).map(Self.scalar))
        case .sampled(let step, let texts):
            try append(step: step, [Self.text("samples", texts)])
        case .began, .evaluating, .scoringTasks, .sampling, .checkpoint, .stoppedEarly, .profiled:
            break
        }
    }

    private static func scalars(
        _ prefix: String, _ result: EvaluationResult
    ) -> [ProtobufMessage] {
        [
            (prefix + "/loss", result.loss), (prefix + "/perplexity", result.perplexity),
            (prefix + "/bits_per_byte", result.bitsPerByte),
        ].map(scalar)
    }

    private static func scalar(_ tag: String, _ number: Double) -> ProtobufMessage {
        var value = ProtobufMessage()
        value.append(Field.Value.tag, text: tag)
        value.append(Field.Value.simpleValue, float: Float(number))
        return value
    }

    /// Texts as the plugin "text" takes them: a vector of strings.
    private static func text(_ tag: String, _ texts: [String]) -> ProtobufMessage {
        var (plugin, metadata, size) = (ProtobufMessage(), ProtobufMessage(), ProtobufMessage())
        plugin.append(Field.PluginData.pluginName, text: "text")
        metadata.append(Field.Metadata.pluginData, message: plugin)
        size.append(Field.Dimension.size, integer: texts.count)
        var (shape, tensor, value) = (ProtobufMessage(), ProtobufMessage(), ProtobufMessage())
        shape.append(Field.Shape.dimension, message: size)
        tensor.append(Field.Tensor.type, integer: 7)  // DT_STRING
        tensor.append(Field.Tensor.shape, message: shape)
        for text in texts { tensor.append(Field.Tensor.strings, text: text) }
        value.append(Field.Value.tag, text: tag)
        value.append(Field.Value.tensor, message: tensor)
        value.append(Field.Value.metadata, message: metadata)
        return value
    }

    private func append(step: Int, _ values: [ProtobufMessage]) throws {
        var (summary, event) = (ProtobufMessage(), ProtobufMessage())
        for value in values { summary.append(Field.Summary.value, message: value) }
        event.append(Field.Event.step, integer: step)
        event.append(Field.Event.summary, message: summary)
        let record = Self.record(of: event, at: max(clock(), earliestTime))
        try FileError.naming("write", path) { try handle.write(contentsOf: Data(record)) }
    }

    /// An event, with its time, as a record.
    private static func record(of rest: ProtobufMessage, at time: Double) -> [UInt8] {
        var event = ProtobufMessage()
        event.append(Field.Event.wallTime, double: time)
        return record(of: event.bytes + rest.bytes)
    }

    /// `data` between its length, the check of the length, and its own check.
    static func record(of data: [UInt8]) -> [UInt8] {
        let length = littleEndianBytes(of: UInt64(data.count))
        return length + littleEndianBytes(of: maskedChecksum(of: length)) + data
            + littleEndianBytes(of: maskedChecksum(of: data))
    }

    /// The check of a check would be a constant, and so it is turned and moved where it is stored
    /// among the data.
    private static func maskedChecksum(of bytes: [UInt8]) -> UInt32 {
        let check = CRC32C.checksum(of: bytes)
        return (check >> 15 | check << 17) &+ 0xA282_EAD8
    }
}
