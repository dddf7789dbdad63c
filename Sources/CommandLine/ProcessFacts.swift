import EmotionFormerSystem

/// Facts about this process and its processor, from the operating system.
enum ProcessFacts {
    /// The peak resident memory of the process.
    static var peakResidentBytes: Int {
        #if os(Linux)
            // The alternative, ru_maxrss, is inherited from the parent process.
            if let line = line(of: "/proc/self/status", startingWith: "VmHWM:"),
                let kilobytes = line.split(whereSeparator: \.isWhitespace).first.flatMap({ Int($0) })
            {
                return kilobytes * 1024
            }
        #endif
        var usage = rusage()
        #if canImport(Darwin)
            guard getrusage(RUSAGE_SELF, &usage) == 0 else { return 0 }
            return usage.ru_maxrss
        #else
            // RUSAGE_SELF is 0; the C libraries import it as different types. Kilobytes here, bytes on Darwin.
            guard getrusage(0, &usage) == 0 else { return 0 }
            return usage.ru_maxrss * 1024
        #endif
    }

    /// The processor's name, or its architecture if the system does not give one.
    static var processor: String {
        #if canImport(Darwin)
            var size = 0
            sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0)
            var name = [UInt8](repeating: 0, count: max(size, 1))
            guard sysctlbyname("machdep.cpu.brand_string", &name, &size, nil, 0) == 0 else { return "unknown" }
            return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
        #else
            if let name = value(of: "model name") { return name }
            // arm64 has numbers only.
            guard let implementer = value(of: "CPU implementer"), let part = value(of: "CPU part") else {
                return "unknown"
            }
            return armNames[implementer + part] ?? "arm64, implementer \(implementer), part \(part)"
        #endif
    }

    #if !canImport(Darwin)
        /// Processors by the implementer and part of their identification register.
        private static let armNames = [
            "0x410xd03": "Cortex-A53", "0x410xd05": "Cortex-A55", "0x410xd07": "Cortex-A57", "0x410xd08": "Cortex-A72",
            "0x410xd0b": "Cortex-A76", "0x410xd0c": "Neoverse N1", "0x410xd40": "Neoverse V1",
            "0x410xd49": "Neoverse N2",
            "0x410xd4f": "Neoverse V2", "0x410xd84": "Neoverse V3", "0x410xd8e": "Neoverse N3", "0xc00xac3": "Ampere-1",
        ]

        /// A field of the first processor in /proc/cpuinfo.
        private static func value(of field: String) -> String? {
            guard let line = line(of: "/proc/cpuinfo", startingWith: field), let colon = line.firstIndex(of: ":") else {
                return nil
            }
            return line[line.index(after: colon)...].split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }

        /// The text after `start` in the first line of a file that begins with it.
        private static func line(of path: String, startingWith start: String) -> Substring? {
            guard let file = fopen(path, "r") else { return nil }
            defer { fclose(file) }
            var buffer = [CChar](repeating: 0, count: 512)
            while fgets(&buffer, 512, file) != nil {
                let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                if text.hasPrefix(start) { return text.dropFirst(start.count) }
            }
            return nil
        }
    #endif
}
