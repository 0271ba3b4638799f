package import Foundation

extension FileSystem {
    /// Names of the directories in `path`, sorted, without hidden ones and links; none where it
    /// cannot be listed. O(n log n).
    package static func directories(in path: String) -> [String] {
        ((try? namesInDirectory(path)) ?? []).filter { name in
            !name.hasPrefix(".")
                && attributes(path + "/" + name)?[.type] as? FileAttributeType == .typeDirectory
        }
    }

    /// What the file system says of a path itself, not of what a link there stands for; nil where
    /// nothing is.
    package static func attributes(_ path: String) -> [FileAttributeKey: Any]? {
        try? FileManager.default.attributesOfItem(atPath: path)
    }
}
