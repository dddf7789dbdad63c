// Written by two threads without a lock. `Tools/test-sanitizers` wants the thread sanitizer to say so.
import Foundation

nonisolated(unsafe) var count = 0
let thread = Thread { for _ in 0..<1000 { count += 1 } }
thread.start()
for _ in 0..<1000 { count += 1 }
Thread.sleep(forTimeInterval: 0.5)
