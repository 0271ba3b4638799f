import Refinement
import Synchronization
import Testing
import Work

@testable import Corpora
@testable import Pipeline

@Suite struct DiskOutlookTests {
    /// What is said when some of a corpus was read, whose inputs have so many bytes.
    private func told(
        inputByteCount: Int?, _ refinement: RefinementConfiguration, textBytes: Int = 8 << 20
    ) -> [String] {
        let notices = Mutex<[String]>([])
        let work = WorkContext<PipelineEvent>(threadCount: 1) { event in
            if case .notice(let text) = event { notices.withLock { $0.append(text) } }
        }
        var outlook = DiskOutlook(
            inputByteCount: inputByteCount, path: "nowhere/set", refinement: refinement,
            isShared: false)
        var progress = CorpusProgress()
        (progress.bytesRead, progress.documents) = (4 << 20, 4_000)
        progress.textBytes = textBytes
        for _ in 0..<2 { outlook.tell(progress, work) }
        return notices.withLock(\.self)
    }

    @Test func `much, and more than there is, is said once`() {
        var near = RefinementConfiguration()
        near.removesNearDuplicates = true
        // A petabyte and more is on no disk.
        let all = told(inputByteCount: 1 << 61, near)
        #expect(all.count == 1 && all[0].contains("that may not be enough"))
        #expect(all[0].contains("nowhere/set"))
        #expect(told(inputByteCount: 8 << 20, near) == [])
        // A pipe has no known end, and of little text nothing follows.
        #expect(told(inputByteCount: nil, near) == [])
        #expect(told(inputByteCount: 1 << 61, near, textBytes: 1 << 20) == [])
    }

    @Test func `the disk is that of texts, of signatures and of the result`() {
        var refinement = RefinementConfiguration()
        func bytes(isShared: Bool = false) -> Int {
            refinement.diskByteCount(documents: 1_000, textByteCount: 50_000, isShared: isShared)
        }
        #expect(bytes() == 50_000)
        #expect(bytes(isShared: true) == 3 * 50_000 + 48 * 1_000)
        refinement.removesNearDuplicates = true
        #expect(bytes() == 2 * 50_000 + 808 * 1_000)
        refinement.shuffles = true
        #expect(bytes() == 3 * 50_000 + 808 * 1_000)
    }
}
