//! Why a packet cannot be written, in words for people. Values of its head are not repeated: the password is one of them.

use hj212::EncodeError;

/// Why, in Chinese and in English.
pub fn unwritable(fault: &EncodeError) -> (String, String) {
    match fault {
        EncodeError::Header { field, .. } => {
            (format!("报文头的{field}不合格式"), format!("{field} in the head of the packet is not as it must be"))
        }
        EncodeError::Item { key, value } => (
            format!("“{key}={value}”含有报文中不能出现的字符"),
            format!("“{key}={value}” holds characters that no packet can carry"),
        ),
        EncodeError::EmptyGroup { .. } => {
            ("报文中有空的数据组".to_owned(), "a group of the packet is empty".to_owned())
        }
        EncodeError::TooLong { length } => {
            (format!("报文有{length}字节，超过9999字节"), format!("the packet has {length} bytes, more than 9999"))
        }
    }
}
