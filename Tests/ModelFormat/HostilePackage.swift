import EmotionFormerCore
import EmotionFormerFixtures
import Foundation
import Testing

@testable import EmotionFormerFiles
@testable import EmotionFormerModelFormat

/// A valid package's files, to be spoilt in one place.
struct HostilePackage {
    private let folder: TemporaryFolder
    private(set) var manifest: String
    private(set) var weights: [UInt8]
    private(set) var selfTest: [UInt8]

    var path: String { folder.path + "/model" }

    init() throws {
        folder = try TemporaryFolder()
        let path = Fixture.package("format1")
        try FileManager.default.copyItem(atPath: path, toPath: folder.path + "/model")
        manifest = try String(contentsOfFile: folder.path + "/model/manifest.json", encoding: .utf8)
        weights = Array(FileManager.default.contents(atPath: folder.path + "/model/weights.bin") ?? Data())
        selfTest = Array(FileManager.default.contents(atPath: folder.path + "/model/selftest.bin") ?? Data())
    }

    /// Replaces the first occurrence, which must be there.
    mutating func replace(_ old: String, _ new: String) throws {
        let range = try #require(manifest.range(of: old), "\(old) in \(manifest)")
        manifest.replaceSubrange(range, with: new)
        try write()
    }

    mutating func replaceManifest(_ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/manifest.json"))
    }

    /// Other weights, with or without checksums and a byte count to match.
    mutating func replaceWeights(_ bytes: [UInt8], sealed: Bool) throws {
        if sealed { reseal(weights, bytes) }
        weights = bytes
        try write()
    }

    mutating func replaceSelfTest(_ bytes: [UInt8]) throws {
        reseal(selfTest, bytes)
        selfTest = bytes
        try write()
    }

    /// Where a tensor's bytes begin in the weight file.
    func offset(of tensor: String) throws -> Int {
        let root = try JSONCursor(parsing: Array(manifest.utf8))
        return try root.required("tensors").required(tensor).required("offset").integer()
    }

    private mutating func reseal(_ old: [UInt8], _ new: [UInt8]) {
        for (hash, other) in zip(HostilePackage.hashes(old), HostilePackage.hashes(new)) {
            manifest = manifest.replacingOccurrences(of: hash, with: other)
        }
        // Only a file's byte count ends its line.
        manifest = manifest.replacingOccurrences(
            of: "\"byteCount\": \(old.count),\n", with: "\"byteCount\": \(new.count),\n")
    }

    private static func hashes(_ bytes: [UInt8]) -> [String] {
        var digest = Digest(withSHA256: true)
        bytes.withUnsafeBytes { digest.update($0) }
        return [digest.xxh64.hexadecimalValue, digest.sha256?.hexadecimalValue ?? ""]
    }

    private func write() throws {
        try Data(manifest.utf8).write(to: URL(fileURLWithPath: path + "/manifest.json"))
        try Data(weights).write(to: URL(fileURLWithPath: path + "/weights.bin"))
        try Data(selfTest).write(to: URL(fileURLWithPath: path + "/selftest.bin"))
    }

    func read(verifyHash: Bool = false) throws -> ModelPackage {
        // The folder goes with its last use.
        try withExtendedLifetime(folder) { try ModelPackage.read(folder: path, verifyHash: verifyHash) }
    }

    /// Reads the package and expects an error of one line with this code and all these parts.
    func expectFault(
        _ code: Fault.Code, _ parts: [String], verifyHash: Bool = false,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        defer { withExtendedLifetime(folder) {} }
        do throws(Fault) {
            _ = try ModelPackage.read(folder: path, verifyHash: verifyHash)
            Issue.record("the package was read", sourceLocation: sourceLocation)
        } catch {
            let line = error.description
            #expect(error.code == code, "\(line)", sourceLocation: sourceLocation)
            #expect(!line.contains("\n"), sourceLocation: sourceLocation)
            #expect(line.hasPrefix(path), "\(line)", sourceLocation: sourceLocation)
            for part in parts { #expect(line.contains(part), "\(line)", sourceLocation: sourceLocation) }
        }
    }
}
