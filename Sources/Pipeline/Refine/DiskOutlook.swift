import Bytes
import Corpora
import Files
import Refinement
import Work

/// Says, when some of a corpus was read, how much of the disk a refinement will take.
struct DiskOutlook {
    /// Stored bytes of all inputs; nil where that is not known.
    let inputByteCount: Int?
    /// A path beside which the work and the result lie.
    let path: String
    let refinement: RefinementConfiguration
    let isShared: Bool
    private var isTold = false

    /// Text after which the rest is taken to be like what was read.
    private static let sampleByteCount = 4 << 20
    /// Disk of which nothing is said where there is more.
    private static let modestByteCount = 1 << 30
    /// More documents or bytes than there are; files can seem to be of any size.
    private static let mostCount = 1e15

    init(
        inputByteCount: Int?, path: String, refinement: RefinementConfiguration, isShared: Bool
    ) {
        self.inputByteCount = inputByteCount
        self.path = path
        self.refinement = refinement
        self.isShared = isShared
    }

    /// Says it once, where it is much, or more than there is.
    mutating func tell(_ progress: CorpusProgress, _ work: WorkContext<PipelineEvent>) {
        guard !isTold, progress.textBytes >= Self.sampleByteCount, progress.bytesRead > 0,
            let inputByteCount
        else { return }
        isTold = true
        let share = max(1, Double(inputByteCount) / Double(progress.bytesRead))
        func whole(_ count: Int) -> Int { Int(min(share * Double(count), Self.mostCount)) }
        let needed = refinement.diskByteCount(
            documents: whole(progress.documents),
            textByteCount: min(inputByteCount, whole(progress.textBytes) / 2),
            isShared: isShared)
        let room = FileSystem.availableByteCount(at: path)
        guard needed > Self.modestByteCount || needed > room ?? needed else { return }
        func rounded(_ count: Int) -> ByteSize { ByteSize(byteCount: count).roundedUp }
        work.report(
            .notice(
                "about \(rounded(needed)) will lie on the disk of \(path) for a time"
                    + (room.map { ", where \(rounded($0)) are free" } ?? "")
                    + (needed > room ?? needed ? "; that may not be enough" : "")))
    }
}
