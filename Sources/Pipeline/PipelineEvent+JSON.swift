import Training

/// An event as a JSON object, with its kind under `event`.
extension PipelineEvent: Encodable {
    private enum Key: String, CodingKey {
        case event, stage, source, outputs, text, shards, bytes
    }

    /// Writes the members of the object.
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Key.self)
        try members.encode(name, forKey: .event)
        switch self {
        case .started(let stage, let source), .upToDate(let stage, let source):
            try members.encode(stage, forKey: .stage)
            try members.encodeIfPresent(source, forKey: .source)
        case .finished(let stage, let source, let outputs):
            try members.encode(stage, forKey: .stage)
            try members.encodeIfPresent(source, forKey: .source)
            try members.encode(outputs, forKey: .outputs)
        case .checkedShards(let count, let byteCount):
            try members.encode(count, forKey: .shards)
            try members.encode(byteCount, forKey: .bytes)
        case .notice(let text), .otherCheckpoint(let text):
            try members.encode(text, forKey: .text)
        case .progress(let progress): try progress.encode(to: encoder)
        case .training(let event): try event.encode(to: encoder)
        }
    }

    private var name: String {
        switch self {
        case .started: "started"
        case .upToDate: "up_to_date"
        case .progress: "progress"
        case .training(let event): event.name
        case .notice, .otherCheckpoint: "notice"
        case .checkedShards: "checked_shards"
        case .finished: "finished"
        }
    }
}

extension StageProgress: Encodable {
    private enum Key: String, CodingKey {
        case activity, completed, total
        case textBytes = "text_bytes"
    }

    /// Writes how far the stage has come; the total is null where it is not known.
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Key.self)
        try members.encode(activity, forKey: .activity)
        try members.encode(completed, forKey: .completed)
        try members.encode(total, forKey: .total)
        try members.encodeIfPresent(textBytes, forKey: .textBytes)
    }
}
