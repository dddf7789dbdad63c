import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerTestSupport
import Foundation
import Testing

@testable import EmotionFormerFiles
@testable import EmotionFormerModelFormat

@Suite struct HostileFileTests {
    @Test("a truncated or oversized weight file is refused with both sizes")
    func size() throws {
        var package = try HostilePackage()
        let weights = package.weights
        try package.replaceWeights(weights.dropLast(), sealed: false)
        package.expectFault(.sizeMismatch, ["weights.bin: ", "truncated", "found 343 bytes, expected 344"])
        try package.replaceWeights(weights + [0], sealed: false)
        package.expectFault(.sizeMismatch, ["weights.bin: ", "too long", "found 345 bytes, expected 344"])
        try package.replaceWeights([], sealed: false)
        package.expectFault(.sizeMismatch, ["found 0 bytes"])
    }

    @Test("bytes that belong to no tensor are refused, at the end, and in gaps unless they are zero")
    func foreignBytes() throws {
        var package = try HostilePackage()
        let weights = package.weights
        try package.replaceWeights(weights + [UInt8](repeating: 0, count: 64), sealed: true)
        package.expectFault(.sizeMismatch, ["weights: ", "belong to no tensor", "found 408 bytes, expected 344"])
        package = try HostilePackage()
        var spoilt = weights
        spoilt[63] = 1
        try package.replaceWeights(spoilt, sealed: true)
        package.expectFault(.invalidValue, ["weights.bin: ", "not zero"])
    }

    @Test("one changed bit is refused by the fast checksum")
    func fastChecksum() throws {
        var package = try HostilePackage()
        var weights = package.weights
        weights[package.weights.count - 1] ^= 1
        try package.replaceWeights(weights, sealed: false)
        package.expectFault(.checksumMismatch, ["weights.bin: ", "XXH64"])
    }

    @Test("a wrong SHA-256 is refused where it is asked for, and only there")
    func sha256() throws {
        var package = try HostilePackage()
        let cursor = try JSONCursor(parsing: Array(package.manifest.utf8))
        let stated = try cursor.required("weights").required("sha256").string()
        try package.replace(stated, String(repeating: "0", count: 64))
        package.expectFault(.checksumMismatch, ["weights.bin: ", "SHA-256", stated], verifyHash: true)
        _ = try package.read()
    }

    @Test(
        "NaN and infinity are refused by tensor and element",
        arguments: [
            ("scores/kernel", 5, Float.nan, "NaN"), ("hidden/bias", 0, -Float.infinity, "-inf"),
            ("normalization.mean", 2, Float.infinity, "inf"),
        ])
    func notFinite(tensor: String, element: Int, value: Float, found: String) throws {
        var package = try HostilePackage()
        let place = tensor == "normalization.mean" ? "input.normalization: mean" : "tensor '\(tensor)'"
        try package.replaceFloat(element, of: tensor, with: value)
        package.expectFault(.notFinite, ["weights.bin: ", place, "element \(element) ", "found \(found)"])
    }

    @Test("a standard deviation of 0 is refused by its feature unless epsilon is positive")
    func standardDeviation() throws {
        var package = try HostilePackage()
        try package.replaceFloat(1, of: "normalization.standardDeviation", with: 0)
        _ = try package.read()
        try package.replace("\"epsilon\": 1e-07", "\"epsilon\": 0")
        package.expectFault(.invalidValue, ["input.normalization: standardDeviation", "for feature 1"])
        try package.replaceFloat(1, of: "normalization.standardDeviation", with: -3)
        package.expectFault(.invalidValue, ["input.normalization: standardDeviation", "found -3.0 for feature 1"])
    }

    @Test("a scale that is not positive is refused")
    func scale() throws {
        var package = try HostilePackage()
        try package.replaceFloat(2, of: "hidden/kernel.scale", with: 0)
        package.expectFault(.invalidValue, ["tensor 'hidden/kernel': quantization: scale", "found 0.0"])
    }

    @Test("the self-test's file is checked like the weights'")
    func selfTest() throws {
        var package = try HostilePackage()
        var bytes = package.selfTest
        bytes.replaceSubrange(0..<4, with: [0, 0, 0xC0, 0x7F])
        try package.replaceSelfTest(bytes)
        package.expectFault(.notFinite, ["selftest.bin: selfTest: clip", "element 0 ", "found NaN"])
        package = try HostilePackage()
        try package.replace("\"input\": \"input\"", "\"input\": \"probabilities\"")
        package.expectFault(.unusedName, ["selfTest.tensors.input", "nothing uses the tensor"])
    }

    @Test("a missing folder, manifest or weight file, and folders in their place, are told apart")
    func files() throws {
        let package = try HostilePackage()
        let manager = FileManager.default
        try manager.removeItem(atPath: package.path + "/weights.bin")
        package.expectFault(.missingFile, ["weights.bin: ", "no file"])
        try manager.createDirectory(atPath: package.path + "/weights.bin", withIntermediateDirectories: false)
        package.expectFault(.unreadableFile, ["weights.bin: ", "not a regular file", "found a folder"])
        try manager.removeItem(atPath: package.path + "/manifest.json")
        package.expectFault(.missingFile, ["manifest.json: there is no manifest"])
        try manager.createDirectory(atPath: package.path + "/manifest.json", withIntermediateDirectories: false)
        package.expectFault(.unreadableFile, ["manifest.json: ", "found a folder"])
        try manager.removeItem(atPath: package.path)
        package.expectFault(.missingFile, ["manifest.json: there is no manifest"])
        try Data("x".utf8).write(to: URL(fileURLWithPath: package.path))
        package.expectFault(.missingFile, ["manifest.json: there is no manifest"])
    }

    @Test("a weight file of another name is looked for by that name")
    func otherName() throws {
        var package = try HostilePackage()
        try package.replace("\"file\": \"weights.bin\"", "\"file\": \"other.bin\"")
        package.expectFault(.missingFile, ["model/other.bin: there is no file that the manifest names"])
        try FileManager.default.moveItem(atPath: package.path + "/weights.bin", toPath: package.path + "/other.bin")
        _ = try package.read()
    }

    @Test("a symbolic link counts as the file that it points at")
    func symbolicLink() throws {
        let package = try HostilePackage()
        let manager = FileManager.default
        try manager.moveItem(atPath: package.path + "/weights.bin", toPath: package.path + "/../elsewhere")
        try manager.createSymbolicLink(
            atPath: package.path + "/weights.bin", withDestinationPath: "../elsewhere")
        _ = try package.read()
    }

    @Test("a named pipe in place of the manifest is refused at once")
    func pipe() throws {
        let package = try HostilePackage()
        try FileManager.default.removeItem(atPath: package.path + "/manifest.json")
        #expect(mkfifo(package.path + "/manifest.json", 0o600) == 0)
        package.expectFault(.unreadableFile, ["manifest.json: ", "not a regular file"])
    }

    @Test("Booleans are 0 or 1, int8 weights have no zero point, floats of 16 bits are finite")
    func elementRules() throws {
        let boolean = Tensor(.bool, try Shape([3])) { $0[2] = 2 }
        #expect(
            refusal { try PackageRules.check(StoredTensor(boolean)) }
                == "element 2 is not a Boolean (found 2, expected 0 or 1)")
        let half = Tensor(.float16, try Shape([2])) {
            $0.storeBytes(of: UInt16(0xFC00), toByteOffset: 2, as: UInt16.self)
        }
        #expect(
            refusal { try PackageRules.check(StoredTensor(half)) }
                == "element 1 is not finite (found -inf, expected a finite number)")
        let largest = Tensor(.float16, try Shape([1])) { $0.storeBytes(of: UInt16(0x7BFF), as: UInt16.self) }
        try PackageRules.check(StoredTensor(largest))
        var program = try SmallPackage.program()
        program.tensors["hidden/kernel"]?.quantization?.zeroPoints = [0, 5, 0]
        let fault = #expect(throws: Fault.self) { try PackageRules.checkWeightQuantization(program) }
        #expect(fault?.description.contains("node 'hidden': weight 'kernel'") == true)
    }
}

extension HostilePackage {
    /// Changes an element of a float32 tensor, with checksums to match.
    mutating func replaceFloat(_ element: Int, of tensor: String, with value: Float) throws {
        var bytes = weights
        let start = try offset(of: tensor) + 4 * element
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.replaceSubrange(start..<start + 4, with: $0) }
        try replaceWeights(bytes, sealed: true)
    }
}
