import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// The reader that this process tries, and the folder in which its file is written.
private let (reader, folder): (Reader, String) = {
    let environment = ProcessInfo.processInfo.environment
    let name = environment["FUZZ_READER"] ?? ""
    guard let reader = Reader.all.first(where: { $0.name == name }) else {
        // The list, for the script that runs them all one after another. libFuzzer takes an `exit`
        // inside a trial for a fault.
        for reader in Reader.all { print(reader.name, reader.scene, reader.file) }
        unsafe fflush(nil)
        _exit(name.isEmpty ? 0 : 2)
    }
    return (reader, environment["FUZZ_FOLDER"] ?? ".")
}()

/// Tries one input of libFuzzer's on the chosen reader.
///
/// An error that is thrown is the right answer to bad bytes; whatever ends the process is a fault.
@c(LLVMFuzzerTestOneInput)
public func tryInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    do {
        if reader.file != "-" { try write(bytes, to: folder + "/" + reader.file) }
        try reader.read(bytes, folder)
    } catch {
        // Descriptions are made of the same bytes, and are read by people: they count.
        precondition(!"\(error)".isEmpty)
    }
    return 0
}

/// Writes the file again in place, which is many times faster than making it anew.
private func write(_ bytes: [UInt8], to path: String) throws {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    precondition(descriptor >= 0, "no file can be made in FUZZ_FOLDER")
    defer { close(descriptor) }
    let written = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
    }
    precondition(written == bytes.count, "no room in FUZZ_FOLDER")
}
