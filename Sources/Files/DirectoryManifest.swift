import Bytes
import Foundation

/// Manifest of a directory: `manifest.json`, written last, with the size and the hash of every
/// other file, itself sealed by a checksum at its front.
///
/// Any single flipped bit, and nearly any other damage, is found in any of the files. The hash
/// finds accidents; it is no protection against a forger.
///
/// ```swift
/// try DirectoryManifest.write(inDirectory: "model")
/// let faults = try DirectoryManifest(directory: "model")?.faults(inDirectory: "model")
/// ```
package struct DirectoryManifest: Codable, Equatable, Sendable {
    /// A file as it was written.
    package struct File: Codable, Equatable, Sendable {
        /// Its length.
        package var bytes: Int
        /// Its hash, in hexadecimal.
        package var checksum: String
    }

    /// Name of the manifest in its directory.
    package static let fileName = "manifest.json"
    private static let currentFormatVersion = 1
    private static let hashName = "xxh64"

    /// The version of this layout.
    private var formatVersion = Self.currentFormatVersion
    /// Name of the hash.
    private var algorithm = Self.hashName
    /// Every file by its name.
    package var files: [String: File]

    private enum CodingKeys: String, CodingKey {
        case algorithm, files
        case formatVersion = "format_version"
    }

    /// Manifests that are there and cannot be trusted.
    package enum Fault: Error, Equatable {
        /// The bytes are not those that were written.
        case changed
        /// Another version wrote it.
        case unknownVersion(Int)
    }

    /// Length of all files together.
    package var byteCount: Int { files.values.reduce(0) { $0 + $1.bytes } }

    /// Hashes every file of `directory` and writes the manifest. O(bytes), at the speed of memory.
    package static func write(inDirectory directory: String) throws {
        var files: [String: File] = [:]
        for name in try FileSystem.namesInDirectory(directory) where name != fileName {
            files[name] = try File(path: directory + "/" + name)
        }
        try SealedJSON.write(DirectoryManifest(files: files), to: directory + "/" + fileName)
    }

    private init(files: [String: File]) { self.files = files }

    /// Reads the manifest of `directory`; nil if there is none.
    ///
    /// - Throws: ``Fault``, and what the file system refuses.
    package init?(directory: String) throws {
        let path = directory + "/" + Self.fileName
        guard !FileSystem.isMissing(path) else { return nil }
        let data = try MappedFile(path: path).withBytes { bytes in
            unsafe bytes.withUnsafeBytes { unsafe Data($0) }
        }
        guard SealedJSON.isIntact(Array(data)) == true,
            let manifest = try? StrictJSON.decodeCounts(Self.self, from: data)
        else { throw Fault.changed }
        guard manifest.formatVersion == Self.currentFormatVersion,
            manifest.algorithm == Self.hashName
        else { throw Fault.unknownVersion(manifest.formatVersion) }
        self = manifest
    }

    /// Differences between `directory` and what was written, a clause for each file that is
    /// missing or has other bytes. Files that were added are none. O(bytes), at the speed of
    /// memory.
    ///
    /// - Parameters:
    ///   - directory: the directory.
    ///   - comparesBytes: whether all bytes are read; otherwise lengths alone are compared.
    ///   - progress: takes how many bytes have been read.
    package func faults(
        inDirectory directory: String, comparesBytes: Bool = true,
        progress: (Int) throws -> Void = { _ in }
    ) throws -> [String] {
        var faults: [String] = []
        var byteCount = 0
        for (name, written) in files.sorted(by: { $0.key < $1.key }) {
            let path = directory + "/" + name
            guard !FileSystem.isMissing(path) else {
                faults.append("\(name) is missing")
                continue
            }
            let file = try MappedFile(path: path)
            if file.byteCount != written.bytes {
                faults.append(
                    "\(name) has \(file.byteCount) bytes where \(written.bytes) were written")
            } else if comparesBytes,
                try File(file, progress: { try progress(byteCount + $0) })
                    != written
            {
                faults.append("\(name) is not as it was written")
            }
            byteCount += written.bytes
        }
        return faults
    }
}

extension DirectoryManifest.File {
    /// Bytes that are hashed between two reports.
    private static let chunkByteCount = 1 << 23

    fileprivate init(path: String) throws { try self.init(MappedFile(path: path)) { _ in } }

    fileprivate init(_ file: MappedFile, progress: (Int) throws -> Void) throws {
        let hash = try file.withBytes { bytes in
            var hash = XXH64()
            for start in stride(from: 0, to: bytes.byteCount, by: Self.chunkByteCount) {
                let end = min(start + Self.chunkByteCount, bytes.byteCount)
                hash.update(bytes.extracting(start..<end))
                // A model is as large as its file, and need not be in memory twice.
                file.forget(start..<end)
                try progress(end)
            }
            return hash.digest()
        }
        self.init(bytes: file.byteCount, checksum: hexadecimal(hash))
    }
}
