import EmotionFormerTensors
import Foundation
import Testing

@testable import EmotionFormerModelFormat

@Suite struct WritingTests {
    @Test("an existing package is replaced whole, and nothing else is left beside it")
    func replaced() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/model"
        try SmallPackage.make().write(to: path)
        try SmallPackage.make(selfTest: false).write(to: path + "/")
        #expect(try ModelPackage.read(folder: path).selfTest == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["manifest.json", "weights.bin"])
        #expect(try folder.names() == ["model"])
    }

    @Test("a package is replaced where a symbolic link points, and the link stays")
    func symbolicLink() throws {
        let folder = try TemporaryFolder()
        try SmallPackage.make().write(to: folder.path + "/model")
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: "model")
        try SmallPackage.make(selfTest: false).write(to: folder.path + "/link")
        #expect(try ModelPackage.read(folder: folder.path + "/model").selfTest == nil)
        #expect(try folder.names() == ["link", "model"])
    }

    @Test("an empty folder is taken")
    func emptyFolder() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path + "/model", withIntermediateDirectories: false)
        try SmallPackage.make().write(to: folder.path + "/model")
        _ = try ModelPackage.read(folder: folder.path + "/model")
        #expect(try folder.names() == ["model"])
    }

    @Test("a file, a folder that is no package, and a package with a foreign file are refused and stay as they are")
    func refused() throws {
        let folder = try TemporaryFolder()
        let manager = FileManager.default
        func expect(_ name: String, _ part: String) throws {
            let before = try manager.subpathsOfDirectory(atPath: folder.path).sorted()
            let fault = #expect(throws: Fault.self) { try SmallPackage.make().write(to: "\(folder.path)/\(name)") }
            #expect(fault?.code == .writeFailed)
            #expect(fault?.description.contains(part) == true, "\(String(describing: fault))")
            #expect(try manager.subpathsOfDirectory(atPath: folder.path).sorted() == before)
        }
        try Data("text".utf8).write(to: URL(fileURLWithPath: folder.path + "/file"))
        try expect("file", "found a file")
        try manager.createDirectory(atPath: folder.path + "/other", withIntermediateDirectories: false)
        try Data("{}".utf8).write(to: URL(fileURLWithPath: folder.path + "/other/manifest.json"))
        try expect("other", "no model package stands there")
        try SmallPackage.make(selfTest: false).write(to: folder.path + "/model")
        try Data("text".utf8).write(to: URL(fileURLWithPath: folder.path + "/model/notes.txt"))
        try expect("model", "found 'notes.txt'")
        try expect("absent/model", "cannot be made")
    }

    @Test("a failure while writing leaves the old package and nothing of the new one")
    func failure() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/model"
        try SmallPackage.make().write(to: path)
        #expect(throws: Fault.self) {
            var output = try OutputFolder(beside: path)
            try output.addFile("weights.bin") { append throws(Fault) in
                [UInt8](repeating: 1, count: 1000).withUnsafeBytes { try? append($0) }
                throw Fault(.writeFailed, at: path, "the disk is full")
            }
        }
        #expect(try folder.names() == ["model"])
        _ = try ModelPackage.read(folder: path, verifyHash: true)
    }

    @Test("names that a normalisation's or scale's tensor would get are taken from nobody")
    func names() throws {
        let package = try SmallPackage.make()
        var program = package.program
        program.tensors["normalization.mean"] = program.tensors["scores/kernel"]
        program.tensors["scores/kernel"] = nil
        program.graphs[0].nodes[2].weights["kernel"] = "normalization.mean"
        let renamed = try ModelPackage(
            name: "renamed", producer: package.producer, input: package.input, program: program,
            outputs: package.outputs)
        let folder = try TemporaryFolder()
        try renamed.write(to: folder.path + "/model")
        let read = try ModelPackage.read(folder: folder.path + "/model")
        #expect(read.input.normalization?.mean.elements(as: Float.self) == [0.5, 0, 1])
        #expect(read.program.tensors["normalization.mean"]?.tensor.shape.extents == [3, 2])
    }

    @Test("where folders cannot be exchanged in one step, the old one is renamed, replaced and removed")
    func twoSteps() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/model"
        try SmallPackage.make().write(to: path)
        let old = try FileManager.default.contentsOfDirectory(atPath: path)
        var output = try OutputFolder(beside: path)
        try output.addFile("new") { append throws(Fault) in }
        try output.move(to: path, replacing: old, inOneStep: false)
        #expect(try folder.names() == ["model"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["new"])
    }
}
